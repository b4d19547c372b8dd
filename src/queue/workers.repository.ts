import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { LEASE_MS } from '../tasks/heartbeat.js';
import type { WorkerTotals, WorkerView } from './queue.contract.js';

/**
 * Workers as people see them. A lost one is remembered for an hour; a child that runs one suspect is no worker of its
 * own. The name is the id as long as it is unambiguous: a lost worker gives its name up to its successor.
 * $1: lease, s.
 */
const WORKERS = `
WITH seen AS (
  SELECT *, status = 'lost' OR last_seen_at < now() - make_interval(secs => $1::float8) AS gone
  FROM workers
  WHERE status <> 'stopped' AND kind <> 'isolated' AND last_seen_at > now() - interval '1 hour'
),
shown AS (
  SELECT incarnation::text, kind, host, pid, version, queues, types, concurrency, processed::float8, failed::float8,
    memory_bytes::float8, started_at, last_seen_at, CASE WHEN gone THEN 0 ELSE active END AS active,
    CASE WHEN gone THEN 'lost' WHEN status = 'draining' OR drain_requested_at IS NOT NULL THEN 'draining' WHEN active > 0 THEN 'busy' ELSE 'idle' END
      AS status,
    CASE WHEN gone AND count(*) OVER (PARTITION BY name) > 1 OR count(*) OVER (PARTITION BY name, gone) > 1
      THEN name || '~' || right(incarnation::text, 6) ELSE name END AS worker_id
  FROM seen
)`;

/** $2: how many, $3: the incarnation that the page before ended with. Reads only. */
const LIST = `${WORKERS}
SELECT * FROM shown WHERE $3::text IS NULL OR incarnation < $3 ORDER BY incarnation DESC LIMIT $2::int`;

/** $2: worker id or incarnation. Reads only. */
const FIND = `${WORKERS}
SELECT * FROM shown WHERE worker_id = $2 OR incarnation = $2`;

/** Reads only. */
const TOTALS = `${WORKERS}
SELECT count(*)::int AS total,
  (count(*) FILTER (WHERE status = 'idle'))::int AS idle,
  (count(*) FILTER (WHERE status = 'busy'))::int AS busy,
  (count(*) FILTER (WHERE status = 'draining'))::int AS draining,
  (count(*) FILTER (WHERE status = 'lost'))::int AS lost,
  coalesce(sum(concurrency) FILTER (WHERE status <> 'lost'), 0)::int AS slots,
  coalesce(sum(active), 0)::int AS busy_slots,
  coalesce(sum(processed), 0)::float8 AS processed,
  coalesce(sum(failed), 0)::float8 AS failed
FROM shown`;

const ASK_TO_DRAIN = `
UPDATE workers SET drain_requested_at = coalesce(drain_requested_at, now())
WHERE incarnation = $1::uuid AND status IN ('running', 'draining')`;

export interface WorkerRow {
  incarnation: string;
  worker_id: string;
  kind: WorkerView['kind'];
  host: string;
  pid: number;
  version: string;
  queues: string[];
  types: string[];
  concurrency: number;
  active: number;
  processed: number;
  failed: number;
  memory_bytes: number;
  started_at: Date;
  last_seen_at: Date;
  status: WorkerView['status'];
}

/** The processes that run tasks: those that live, and those that were lost within the hour. */
@Injectable()
export class WorkersRepository {
  constructor(private readonly database: Database) {}

  /** Newest first. @param before the incarnation that the page before ended with */
  list(limit: number, before?: string): Promise<WorkerRow[]> {
    return this.database.query(LIST, LEASE_MS / 1_000, limit, before ?? null);
  }

  /** @param name worker id or incarnation */
  async find(name: string): Promise<WorkerRow | undefined> {
    const [row] = await this.database.query<WorkerRow>(FIND, LEASE_MS / 1_000, name);
    return row;
  }

  /** Its next beat brings it the wish. */
  async askToDrain(incarnation: string): Promise<void> {
    await this.database.query(ASK_TO_DRAIN, incarnation);
  }

  async totals(): Promise<WorkerTotals> {
    const [row] = await this.database.query<WorkerTotals>(TOTALS, LEASE_MS / 1_000);
    return row;
  }
}
