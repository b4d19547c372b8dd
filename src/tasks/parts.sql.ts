import { DURATION_BOUNDS_MS } from './duration-bounds.js';
import { FAULT_CODES, type FaultCode } from '../kernel/fault-codes.js';
import { fingerprintSql } from './fingerprint.js';
import { MISSED_DEADLINE } from './settlement.js';
import { sourcesOf, targetOf, type TaskEvent } from './lifecycle.js';

/*
 * What the statements that change a task share. All take their rows as one JSON parameter, lock nothing that a lock
 * statement before them has not locked in id order, and write in the same statement what the change owes: attempts, logs
 * and counters, derived only from the rows that `changed` returned.
 */

/**
 * Compare-and-set on the status of a row that was found by its id. The `|| ''` hides the comparison from the planner: on
 * a table that grew since its last ANALYZE it would rather walk a partial index of every waiting row, once per row.
 */
export const guard = (event: TaskEvent): string =>
  `t.status || '' IN (${sourcesOf(event)
    .map((status) => `'${status}'`)
    .join(', ')})`;

export const to = (event: TaskEvent): string => `'${targetOf(event)}'`;

export const bucketOf = (from: string, until: string): string =>
  `width_bucket(extract(epoch FROM ${until} - ${from}) * 1000, ARRAY[${DURATION_BOUNDS_MS.join(',')}]::numeric[])`;

/**
 * 1 + whole minutes since the queue's origin, a priority's head start taken off: smaller goes first; BullMQ's range is 1
 * to 2,097,151. The time is that of the dispatch: what was dispatched earlier goes first, however old the other is.
 * @param aging the parameter that holds the seconds of a level
 */
export const transportPriority = (aging: string): string => `
  (1 + least(2097150, greatest(0, floor(
    extract(epoch FROM now() - t.priority * make_interval(secs => ${aging}::float8) - q.rank_origin) / 60
  ))))::int AS transport_priority`;

export const CHANGED = `
  t.id, t.tenant_id, t.queue, t.type, t.status, t.priority, t.attempts, t.epoch, t.created_at, t.run_at, t.queued_at,
  t.started_at, t.batch_id, t.callback_url`;

/** What whoever follows the ends of tasks needs of a row of `changed`; what is not final is left aside. */
const END = `c.id, c.tenant_id, c.queue, c.type, c.status, c.batch_id, c.callback_url`;

/** After a lock statement: whoever became a child before the lock is seen, whoever comes after sees the end. */
export const ENDED = `${END},
  (c.status IN ('completed', 'failed', 'cancelled') AND EXISTS (SELECT FROM task_dependencies d WHERE d.parent_id = c.id)) AS feeds`;

/** Where one statement locks and writes, its snapshot is older than the lock: children are looked for in the next. */
export const ENDED_BY_SWEEP = `${END}, true AS feeds`;

/** An error that a statement writes itself; the message is an SQL expression. */
export const errorOf = (code: FaultCode, message: string): string =>
  `jsonb_build_object('code', '${code}', 'retryable', ${FAULT_CODES[code].retryable}, 'message', ${message})`;

/** What a task ends with that is past its deadline. */
export const OVERDUE = {
  error: errorOf('task.expired', `'${MISSED_DEADLINE}'`),
  fingerprint: fingerprintSql('t.type', { code: 'task.expired', message: MISSED_DEADLINE }),
};

/** Counters owed by `changed` (after) and `before`: depths move, totals and histograms grow. */
export const DELTAS = `
deltas AS (
  INSERT INTO stats_deltas (tenant_id, queue, minute, metric, amount)
  SELECT c.tenant_id, c.queue, date_trunc('minute', now()), d.metric, sum(d.amount)
  FROM changed c
  JOIN before b ON b.id = c.id
  CROSS JOIN LATERAL (VALUES
    ('depth.' || b.status, -1),
    ('depth.' || c.status, 1),
    (CASE WHEN c.status IN ('completed', 'failed', 'cancelled') THEN 'total.' || c.status END, 1),
    (CASE WHEN c.status = 'processing'
      THEN 'wait.' || ${bucketOf('coalesce(c.run_at, c.created_at)', 'now()')} END, 1),
    (CASE WHEN b.status = 'processing' THEN 'run.' || ${bucketOf('c.started_at', 'now()')} END, 1)
  ) AS d(metric, amount)
  WHERE d.metric IS NOT NULL
  GROUP BY 1, 2, 4
  HAVING sum(d.amount) <> 0
)`;

/** The attempt that each row of `changed` just left; `before` says with what outcome. */
export const ATTEMPTS = `
attempts AS (
  INSERT INTO task_attempts
    (task_id, epoch, tenant_id, attempt, lease_token, worker_incarnation, outcome, error, queued_at, started_at)
  SELECT c.id, c.epoch, c.tenant_id, b.attempts + 1, b.lease_token, b.worker_incarnation, b.outcome, b.error,
         c.queued_at, c.started_at
  FROM changed c JOIN before b ON b.id = c.id
)`;
