import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import type { TenantScope } from '../kernel/tenant-scope.js';

/** Cumulative counters of a tenant: those folded so far and those still waiting, in one statement. */
const TOTALS = `
SELECT queue, metric, sum(amount)::float8 AS amount FROM (
  SELECT queue, metric, amount FROM stats WHERE tenant_id = $1 AND minute = '-infinity'
  UNION ALL
  SELECT queue, metric, amount FROM stats_deltas WHERE tenant_id = $1
) AS all_counts
GROUP BY queue, metric`;

/** The same for the last minutes only. $2: how many. */
const RECENT = `
SELECT queue, metric, sum(amount)::float8 AS amount FROM (
  SELECT queue, metric, amount FROM stats WHERE tenant_id = $1
    AND minute > date_trunc('minute', now()) - make_interval(mins => $2) AND minute <> '-infinity'
  UNION ALL
  SELECT queue, metric, amount FROM stats_deltas WHERE tenant_id = $1
    AND minute > date_trunc('minute', now()) - make_interval(mins => $2)
) AS recent_counts
GROUP BY queue, metric`;

/** The head of an index per queue for what is pending, and at most a window of rows that are queued. */
const OLDEST = `
SELECT q.name AS queue, extract(epoch FROM now() - least(pending.since, queued.since))::float8 AS age_seconds
FROM queues q
LEFT JOIN LATERAL (
  SELECT coalesce(t.run_at, t.created_at) AS since FROM tasks t
  WHERE t.tenant_id = $1 AND t.queue = q.name AND t.status = 'pending'
  ORDER BY coalesce(t.run_at, t.created_at) LIMIT 1
) AS pending ON true
LEFT JOIN LATERAL (
  SELECT min(coalesce(t.run_at, t.created_at)) AS since FROM tasks t
  WHERE t.queue = q.name AND t.status = 'queued' AND t.tenant_id = $1
) AS queued ON true
WHERE pending.since IS NOT NULL OR queued.since IS NOT NULL`;

/** Depths have no minute of their own; everything else is kept per minute as well as in the running sum. */
const FOLD = `
WITH taken AS (
  DELETE FROM stats_deltas WHERE id IN (
    SELECT id FROM stats_deltas ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
  RETURNING tenant_id, queue, minute, metric, amount
),
sums AS (
  SELECT tenant_id, queue, minute, metric, sum(amount) AS amount FROM taken GROUP BY 1, 2, 3, 4
  UNION ALL
  SELECT tenant_id, queue, '-infinity', metric, sum(amount) FROM taken GROUP BY 1, 2, 4
),
folded AS (
  INSERT INTO stats AS s (tenant_id, queue, minute, metric, amount)
  SELECT * FROM sums ORDER BY 1, 2, 3, 4
  ON CONFLICT (tenant_id, queue, minute, metric) DO UPDATE SET amount = s.amount + excluded.amount
)
SELECT count(*)::int AS count FROM taken`;

export interface Count {
  queue: string;
  metric: string;
  amount: number;
}

/** Counters without counting: appended by every change, summed here. */
@Injectable()
export class TaskStatsRepository {
  constructor(private readonly database: Database) {}

  totals(scope: TenantScope): Promise<Count[]> {
    return this.database.query(TOTALS, scope.tenantId);
  }

  recent(scope: TenantScope, minutes: number): Promise<Count[]> {
    return this.database.query(RECENT, scope.tenantId, minutes);
  }

  oldest(scope: TenantScope): Promise<Array<{ queue: string; age_seconds: number }>> {
    return this.database.query(OLDEST, scope.tenantId);
  }

  /** @returns how many changes were folded; one folder at a time, others hear 0 */
  async fold(tx: Tx, limit: number): Promise<number> {
    const [row] = await this.database.queryIn<{ count: number }>(tx, FOLD, limit);
    return row?.count ?? 0;
  }
}
