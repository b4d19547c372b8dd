import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import { TRY_LOCK } from '../tasks/locks.sql.js';

/** A small multiple of the queue's slots that are alive, and never less than the floor. */
const REFRESH_WINDOWS = `
UPDATE queues q SET "window" = wanted.size
FROM (
  SELECT q.name, greatest(64, 4 * coalesce(sum(coalesce((w.lanes->>q.name)::int, w.concurrency)), 0))::int AS size
  FROM queues q LEFT JOIN workers w ON q.name = ANY(w.queues) AND w.kind = 'pool' AND w.status = 'running'
    AND w.last_seen_at > now() - interval '12 seconds'
  GROUP BY q.name
) AS wanted
WHERE wanted.name = q.name AND wanted.size <> q."window"`;

/** A bucket that is full says no more than one that is not there. Locks: rows nobody else holds. */
const FORGET_RATES = `
DELETE FROM rate_buckets WHERE (tenant_id, key) IN (
  SELECT tenant_id, key FROM rate_buckets WHERE full_at < extract(epoch FROM now())
  ORDER BY full_at LIMIT 1000 FOR UPDATE SKIP LOCKED)`;

const NOTE_LOST_WORKERS = `
UPDATE workers SET status = 'lost' WHERE incarnation IN (
  SELECT incarnation FROM workers
  WHERE status IN ('running', 'draining') AND last_seen_at < now() - make_interval(secs => $1::float8)
  ORDER BY incarnation FOR NO KEY UPDATE SKIP LOCKED)`;

/** Tasks tell for weeks who ran them. */
const FORGET_WORKERS = `
DELETE FROM workers WHERE incarnation IN (
  SELECT incarnation FROM workers w WHERE last_seen_at < now() - interval '90 days'
    AND NOT EXISTS (SELECT FROM tasks t WHERE t.worker_incarnation = w.incarnation AND t.status = 'processing')
  ORDER BY incarnation LIMIT 500 FOR UPDATE SKIP LOCKED)`;

const DISPATCHABLE = `
SELECT EXISTS (SELECT FROM tasks WHERE status = 'scheduled' AND run_at <= now()) AS due,
  ARRAY(SELECT q.name FROM queues q
    WHERE NOT q.paused AND EXISTS (SELECT FROM tasks t WHERE t.queue = q.name AND t.status = 'pending')
    ORDER BY q.name) AS queues`;

const TRANSPORT_MARK = `
SELECT transport_incarnation AS incarnation, now() AS now, now() - interval '5 seconds' AS "settledBefore"
FROM queues WHERE name = $1`;

const SERVER_TIME = `
SELECT extract(epoch FROM now())::float8 * 1000 AS "nowMs",
  extract(epoch FROM pg_postmaster_start_time())::float8 * 1000 AS "startedMs"`;

/**
 * Raises and clears alarms: how long the oldest task waits that could run, against what its queue allows. Reads the head
 * of an index per tenant that waits. Locks: queues whose alarm changes.
 */
const JUDGE_STARTS = `
WITH RECURSIVE waiting AS (
  SELECT q.name AS queue, (SELECT t.tenant_id FROM tasks t
    WHERE t.queue = q.name AND t.status = 'pending' ORDER BY t.tenant_id LIMIT 1) AS tenant_id
  FROM queues q WHERE NOT q.paused
  UNION ALL
  SELECT w.queue, (SELECT t.tenant_id FROM tasks t
    WHERE t.queue = w.queue AND t.status = 'pending' AND t.tenant_id > w.tenant_id ORDER BY t.tenant_id LIMIT 1)
  FROM waiting w WHERE w.tenant_id IS NOT NULL
),
eligible AS (
  SELECT w.queue, (SELECT coalesce(t.run_at, t.created_at) FROM tasks t
    WHERE t.tenant_id = w.tenant_id AND t.queue = w.queue AND t.status = 'pending'
    ORDER BY coalesce(t.run_at, t.created_at) LIMIT 1) AS since
  FROM waiting w WHERE NOT EXISTS (
    SELECT FROM tenant_queues tq WHERE tq.tenant_id = w.tenant_id AND tq.queue = w.queue AND tq.paused)
  UNION ALL
  SELECT q.name, (SELECT min(coalesce(t.run_at, t.created_at)) FROM tasks t WHERE t.queue = q.name AND t.status = 'queued')
  FROM queues q WHERE NOT q.paused
),
judged AS (
  SELECT q.name, extract(epoch FROM now() - min(e.since))::float8 AS age,
    coalesce(min(e.since) < now() - make_interval(secs => q.start_alarm_seconds), false) AS late
  FROM queues q LEFT JOIN eligible e ON e.queue = q.name GROUP BY q.name
)
UPDATE queues q SET start_alarm_at = CASE WHEN j.late THEN now() END
FROM judged j WHERE j.name = q.name AND j.late <> (q.start_alarm_at IS NOT NULL)
RETURNING q.name AS queue, j.late AS raised, j.age AS age_seconds, q.start_alarm_seconds AS limit_seconds`;

/** A queue whose alarm was raised, or is over. */
export interface StartVerdict {
  queue: string;
  raised: boolean;
  age_seconds: number | null;
  limit_seconds: number;
}

/** The mark that the transport should carry for a queue; `incarnation` is `null` before the first. */
export interface TransportMark {
  incarnation: string | null;
  now: Date;
  /** A row that was queued later than this may be unknown to the transport: its publish is on its way. */
  settledBefore: Date;
}

export interface ServerTime {
  nowMs: number;
  startedMs: number;
}

/** What the sweeps keep about each queue. */
@Injectable()
export class QueuesRepository {
  constructor(private readonly database: Database) {}

  async refreshWindows(): Promise<void> {
    await this.database.transaction((tx) => this.database.executeIn(tx, REFRESH_WINDOWS));
  }

  /** Whoever thaws says so with its next beat. */
  async noteLostWorkers(tx: Tx, leaseSeconds: number): Promise<void> {
    await this.database.executeIn(tx, NOTE_LOST_WORKERS, leaseSeconds);
    await this.database.executeIn(tx, FORGET_WORKERS);
  }

  /** @returns the queues whose alarm changed just now, and by nobody else */
  judgeStarts(): Promise<StartVerdict[]> {
    return this.database.query(JUDGE_STARTS);
  }

  async transportMark(queue: string): Promise<TransportMark | undefined> {
    const [row] = await this.database.query<TransportMark>(TRANSPORT_MARK, queue);
    return row;
  }

  async forgetRates(): Promise<void> {
    await this.database.transaction((tx) => this.database.executeIn(tx, FORGET_RATES));
  }

  /** @returns whether nobody else is restoring this queue, and nobody has since the mark was read */
  async holdMark(tx: Tx, queue: string, { incarnation }: TransportMark): Promise<boolean> {
    const [lock] = await this.database.queryIn<{ held: boolean }>(tx, TRY_LOCK, `mark:${queue}`);
    if (!lock?.held) return false;
    const row = await tx.queue.findUnique({ where: { name: queue } });
    return row?.transportIncarnation === incarnation;
  }

  async expectIncarnation(tx: Tx, queue: string, incarnation: string): Promise<void> {
    await tx.queue.updateMany({ where: { name: queue }, data: { transportIncarnation: incarnation } });
  }

  /** Queues with work that a pass could move: something pending, or something due. Touches a few index pages. */
  async findDispatchable(): Promise<{ due: boolean; queues: string[] }> {
    const [row] = await this.database.query<{ due: boolean; queues: string[] }>(DISPATCHABLE);
    return row ?? { due: false, queues: [] };
  }

  /** When this transaction began, and Postgres itself. */
  async time(tx: Tx): Promise<ServerTime> {
    const [row] = await this.database.queryIn<ServerTime>(tx, SERVER_TIME);
    if (!row) throw new Error('Postgres told no time');
    return row;
  }
}
