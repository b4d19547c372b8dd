import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Sealer } from '../kernel/sealer.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { WebhookSecretsRepository } from './secrets.repository.js';
import { toSecret } from './signature.js';

const KEY_BYTES = 32;

/** What a tenant's callbacks are signed with: made when first needed, sealed in the database. */
@Injectable()
export class WebhookSecrets {
  constructor(
    private readonly sealer: Sealer,
    private readonly secrets: WebhookSecretsRepository,
  ) {}

  /** Whether this process can sign at all. */
  get isAvailable(): boolean {
    return this.sealer.isAvailable;
  }

  /** @throws Fault secret_key.missing, secret_key.wrong */
  async of(scope: TenantScope): Promise<{ secret: string; createdAt: Date }> {
    const purpose = `webhook-secret:${scope.tenantId}`;
    const row = (await this.secrets.current(scope)) ?? (await this.create(scope, purpose));
    const secret = this.sealer.open(row.sealed, purpose);
    if (this.sealer.isStale(row.sealed)) await this.secrets.reseal(row.id, this.sealer.seal(secret, purpose));
    return { secret, createdAt: row.createdAt };
  }

  private async create(scope: TenantScope, purpose: string) {
    await this.secrets.create(scope, this.sealer.seal(toSecret(randomBytes(KEY_BYTES)), purpose));
    const row = await this.secrets.current(scope);
    if (!row) throw new Error('a webhook secret vanished');
    return row;
  }
}
