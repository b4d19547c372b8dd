import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import type { TenantScope } from '../kernel/tenant-scope.js';

/** Locks: the queue's switch. Claims hold it shared: those that began are waited for, those that come wait. */
const HOLD_SWITCH = `SELECT pg_advisory_xact_lock(hashtextextended('pause:' || $1, 0))::text`;

/** Locks: the queue's row. */
const SET_QUEUE = `
UPDATE queues SET paused = $2::boolean, paused_at = CASE WHEN $2::boolean THEN coalesce(paused_at, now()) END
WHERE name = $1`;

/** Locks: the row of the tenant's share. */
const SET_SHARE = `
INSERT INTO tenant_queues AS s (tenant_id, queue, paused, paused_at)
VALUES ($1, $2, $3::boolean, CASE WHEN $3::boolean THEN now() END)
ON CONFLICT (tenant_id, queue) DO UPDATE SET paused = excluded.paused,
  paused_at = CASE WHEN excluded.paused THEN coalesce(s.paused_at, excluded.paused_at) END`;

/** The switches of queues, and of tenants' shares in them. Each change comes after the claims that began before it. */
@Injectable()
export class QueuePausesRepository {
  constructor(private readonly database: Database) {}

  async names(): Promise<string[]> {
    const rows = await this.database.query<{ name: string }>('SELECT name FROM queues ORDER BY name');
    return rows.map(({ name }) => name);
  }

  async setQueue(tx: Tx, queue: string, paused: boolean): Promise<void> {
    await this.database.queryIn(tx, HOLD_SWITCH, queue);
    await this.database.executeIn(tx, SET_QUEUE, queue, paused);
  }

  async setShare(tx: Tx, scope: TenantScope, queue: string, paused: boolean): Promise<void> {
    await this.database.queryIn(tx, HOLD_SWITCH, queue);
    await this.database.executeIn(tx, SET_SHARE, scope.tenantId, queue, paused);
  }
}
