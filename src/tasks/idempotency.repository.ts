import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import type { Json } from '../kernel/json.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { TRY_LOCK } from './locks.sql.js';

const FIND = `
SELECT request_hash AS "requestHash", response FROM idempotency_keys
WHERE tenant_id = $1 AND key = $2 AND created_at > now() - interval '24 hours'`;

const SAVE = `
INSERT INTO idempotency_keys AS k (tenant_id, key, request_hash, response) VALUES ($1, $2, $3, $4::jsonb)
ON CONFLICT (tenant_id, key) DO UPDATE
SET request_hash = excluded.request_hash, response = excluded.response, created_at = now()`;

@Injectable()
export class IdempotencyRepository {
  constructor(private readonly database: Database) {}

  /** @returns false while another transaction works on the key */
  async tryHold(tx: Tx, scope: TenantScope, key: string): Promise<boolean> {
    const [row] = await this.database.queryIn<{ held: boolean }>(
      tx,
      TRY_LOCK,
      `idempotency:${scope.tenantId}:${key}`,
    );
    return row?.held ?? false;
  }

  async find(tx: Tx, scope: TenantScope, key: string) {
    const [row] = await this.database.queryIn<{ requestHash: string; response: Json }>(
      tx,
      FIND,
      scope.tenantId,
      key,
    );
    return row;
  }

  async save(
    tx: Tx,
    scope: TenantScope,
    entry: { key: string; requestHash: string; response: Json },
  ): Promise<void> {
    const response = JSON.stringify(entry.response);
    await this.database.executeIn(tx, SAVE, scope.tenantId, entry.key, entry.requestHash, response);
  }
}
