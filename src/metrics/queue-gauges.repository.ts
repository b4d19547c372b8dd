import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { LEASE_MS } from '../tasks/heartbeat.js';

/**
 * What only Postgres knows, of every tenant together, a row a value. Depths come from counters; the oldest from the heads
 * of indexes, one a tenant that waits; nothing is counted. $1: lease, s. Reads only.
 */
const GAUGES = `
WITH RECURSIVE depths AS MATERIALIZED (
  SELECT queue, substr(metric, 7) AS status, sum(amount)::float8 AS value FROM (
    SELECT queue, metric, amount FROM stats WHERE minute = '-infinity' AND metric LIKE 'depth.%'
    UNION ALL SELECT queue, metric, amount FROM stats_deltas WHERE metric LIKE 'depth.%'
  ) AS counted GROUP BY 1, 2
),
named AS (SELECT name FROM queues UNION SELECT queue FROM depths),
waiting AS (
  SELECT n.name AS queue, (SELECT t.tenant_id FROM tasks t
    WHERE t.queue = n.name AND t.status = 'pending' ORDER BY t.tenant_id LIMIT 1) AS tenant_id
  FROM named n
  UNION ALL
  SELECT w.queue, (SELECT t.tenant_id FROM tasks t
    WHERE t.queue = w.queue AND t.status = 'pending' AND t.tenant_id > w.tenant_id ORDER BY t.tenant_id LIMIT 1)
  FROM waiting w WHERE w.tenant_id IS NOT NULL
),
eligible AS (
  SELECT w.queue, head.since FROM waiting w CROSS JOIN LATERAL (
    SELECT coalesce(t.run_at, t.created_at) AS since FROM tasks t
    WHERE t.tenant_id = w.tenant_id AND t.queue = w.queue AND t.status = 'pending'
    ORDER BY coalesce(t.run_at, t.created_at) LIMIT 1) AS head
  UNION ALL
  SELECT n.name, (SELECT min(coalesce(t.run_at, t.created_at)) FROM tasks t WHERE t.queue = n.name AND t.status = 'queued')
  FROM named n
),
alive AS (
  SELECT * FROM workers
  WHERE kind <> 'isolated' AND status NOT IN ('lost', 'stopped') AND last_seen_at >= now() - make_interval(secs => $1::float8)
)
SELECT 'queue_depth' AS gauge, queue, status, value FROM depths
UNION ALL
SELECT 'queue_oldest_age_seconds', n.name, NULL, coalesce(greatest(0, extract(epoch FROM now() - min(e.since))), 0)::float8
FROM named n LEFT JOIN eligible e ON e.queue = n.name GROUP BY 2
UNION ALL
SELECT 'queue_workers', n.name, NULL, (SELECT count(*) FROM alive a WHERE n.name = ANY(a.queues)) FROM named n
UNION ALL
SELECT 'queue_paused', name, NULL, paused::int FROM queues
UNION ALL
SELECT 'queue_window_size', name, NULL, "window" FROM queues
UNION ALL
SELECT 'workers_alive', NULL, NULL, count(*) FROM alive
UNION ALL
SELECT 'slots', NULL, NULL, coalesce(sum(concurrency), 0) FROM alive
UNION ALL
SELECT 'slots_busy', NULL, NULL, coalesce(sum(active), 0) FROM alive
UNION ALL
SELECT 'dispatch_lag_seconds', NULL, NULL, greatest(0, coalesce(extract(epoch FROM now() - (
  SELECT run_at FROM tasks WHERE status = 'scheduled' ORDER BY run_at LIMIT 1)), 0))`;

export interface GaugeRow {
  gauge: string;
  queue: string | null;
  status: string | null;
  value: number;
}

/** Every queue and worker in a few numbers. */
@Injectable()
export class QueueGaugesRepository {
  constructor(private readonly database: Database) {}

  read(): Promise<GaugeRow[]> {
    return this.database.query(GAUGES, LEASE_MS / 1_000);
  }
}
