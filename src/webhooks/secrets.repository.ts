import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { newId } from '../kernel/ids.js';
import type { TenantScope } from '../kernel/tenant-scope.js';

/** Sealed secrets, as they lie in the database. */
@Injectable()
export class WebhookSecretsRepository {
  constructor(private readonly database: Database) {}

  current({ tenantId }: TenantScope) {
    return this.database.client.webhookSecret.findFirst({ where: { tenantId, retiredAt: null } });
  }

  /** Of two who make the first one, one wins. */
  async create({ tenantId }: TenantScope, sealed: string): Promise<void> {
    await this.database.query(
      'INSERT INTO webhook_secrets (id, tenant_id, sealed) VALUES ($1::uuid, $2, $3) ON CONFLICT DO NOTHING',
      newId(),
      tenantId,
      sealed,
    );
  }

  async reseal(id: string, sealed: string): Promise<void> {
    await this.database.client.webhookSecret.updateMany({ where: { id }, data: { sealed } });
  }
}
