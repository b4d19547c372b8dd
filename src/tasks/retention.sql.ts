import { FINAL_STATUSES } from './lifecycle.js';

const FINAL = FINAL_STATUSES.map((status) => `'${status}'`).join(', ');
/** Its batch is not final, or somebody has not yet been told of its end. */
const IN_USE = `(EXISTS (SELECT FROM batches b WHERE b.id = t.batch_id AND b.remaining > 0)
    OR EXISTS (SELECT FROM webhook_deliveries w WHERE w.task_id = t.id AND w.finished_at IS NULL))`;

/**
 * Final tasks that nothing needs, in the order of their end, in rows nobody else holds. $1: tenant, or null for all;
 * $2: ended so many seconds ago; $3, $4: after this one; $5: how many. Locks: what it returns.
 */
const finished = (statuses: string): string => `
SELECT t.id, t.finished_at::text AS finished_at FROM tasks t
WHERE ${statuses} AND finished_at >= $3::timestamptz AND finished_at <= now() - make_interval(secs => $2::float8)
  AND (finished_at, id) > ($3::timestamptz, $4::uuid) AND ($1::text IS NULL OR tenant_id = $1)
  AND NOT ${IN_USE} AND NOT EXISTS (
    SELECT FROM task_dependencies d JOIN tasks c ON c.id = d.task_id
    WHERE d.parent_id = t.id AND c.status NOT IN (${FINAL}))
ORDER BY t.finished_at, t.id LIMIT $5::int FOR UPDATE OF t SKIP LOCKED`;

/** Each has an index of its own: dead letters are kept for longer and must not stand in the way of the others. */
export const FINISHED = {
  done: finished(`status IN ('completed', 'cancelled')`),
  dead: finished(`status = 'failed'`),
};

/** Locks: the named rows, in id order, against everybody who refers to them. */
export const LOCK_TO_REMOVE = `SELECT id FROM tasks WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE`;

/** Children of the named tasks that are final, and stay so while they are held. Locks: they, unless others do. */
export const LOCK_FINAL_CHILDREN = `
SELECT c.id FROM tasks c
WHERE c.id IN (SELECT task_id FROM task_dependencies WHERE parent_id = ANY($1::uuid[])) AND c.status || '' IN (${FINAL})
ORDER BY c.id FOR SHARE SKIP LOCKED`;

/**
 * Removes final tasks with their attempts, events and logs, unless something still needs them. Depths fall, totals never do.
 * Locks: none, the rows are held. $2: statuses that may go; $3: ended until then; $4: children that are final and held.
 */
export const PURGE = `
WITH leaving AS (
  SELECT t.id FROM tasks t
  WHERE t.id = ANY($1::uuid[]) AND t.status = ANY($2::text[]) AND t.finished_at <= coalesce($3::timestamptz, now())
    AND NOT ${IN_USE} AND NOT EXISTS (
      SELECT FROM task_dependencies d WHERE d.parent_id = t.id AND (d.news OR d.task_id <> ALL($4::uuid[])))
),
edges AS (DELETE FROM task_dependencies d USING leaving l WHERE d.parent_id = l.id),
removed AS (
  DELETE FROM tasks t USING leaving l WHERE t.id = l.id
  RETURNING t.id, t.tenant_id, t.queue, t.status, t.batch_id
),
deltas AS (
  INSERT INTO stats_deltas (tenant_id, queue, minute, metric, amount)
  SELECT r.tenant_id, r.queue, date_trunc('minute', now()), d.metric, sum(d.amount)
  FROM removed r CROSS JOIN LATERAL (VALUES ('depth.' || r.status, -1), ('total.removed', 1)) AS d(metric, amount)
  GROUP BY 1, 2, 4
)
SELECT id, batch_id FROM removed`;

/** Locks: batches, in id order, so that of two who took the last members one sees it. */
export const LOCK_BATCHES = `SELECT id FROM batches WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE`;

export const PURGE_BATCHES = `
DELETE FROM batches b WHERE b.id = ANY($1::uuid[]) AND NOT EXISTS (SELECT FROM tasks t WHERE t.batch_id = b.id)`;

/**
 * Locks: rows nobody else holds. $1: ended so many seconds ago; $2: but not before this; $3: how many. `until`: all that
 * ended before has been seen, with a minute for transactions that were slow to commit.
 */
export const CLEAR_RESULTS = `
WITH cleared AS (
  UPDATE tasks SET result = NULL WHERE id IN (
    SELECT id FROM tasks
    WHERE status IN ('completed', 'cancelled') AND result IS NOT NULL AND finished_at >= $2::timestamptz
      AND finished_at <= now() - make_interval(secs => $1::float8)
    ORDER BY finished_at LIMIT $3::int FOR NO KEY UPDATE SKIP LOCKED)
  RETURNING id
)
SELECT (SELECT count(*) FROM cleared)::int AS cleared,
  (now() - make_interval(secs => $1::float8) - interval '1 minute')::text AS until`;

/** Locks: rows nobody else holds. $1: how many. */
export const PURGE_IDEMPOTENCY_KEYS = `
DELETE FROM idempotency_keys WHERE (tenant_id, key) IN (
  SELECT tenant_id, key FROM idempotency_keys
  WHERE created_at < now() - interval '24 hours' AND coalesce(lease_until < now(), true)
  ORDER BY created_at LIMIT $1::int FOR UPDATE SKIP LOCKED)`;

/** Attempts name the worker that ran them, so a worker stays as long as they may. $1: days, $2: how many. */
export const PURGE_WORKERS = `
DELETE FROM workers WHERE incarnation IN (
  SELECT w.incarnation FROM workers w
  WHERE w.last_seen_at < now() - make_interval(days => $1::int)
    AND NOT EXISTS (SELECT FROM tasks t WHERE t.worker_incarnation = w.incarnation AND t.status = 'processing')
  ORDER BY w.last_seen_at LIMIT $2::int FOR UPDATE SKIP LOCKED)`;
