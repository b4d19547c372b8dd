import { CHANGED, DELTAS, TRANSPORT_PRIORITY, guard, to } from './parts.sql.js';

/** Locks: due rows nobody else holds. $1: how many. */
export const WAKE = `
WITH before AS (
  SELECT id, status FROM tasks WHERE status = 'scheduled' AND run_at <= now()
  ORDER BY run_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED
),
changed AS (
  UPDATE tasks t SET status = ${to('wake')}, reason = NULL FROM before b WHERE t.id = b.id AND ${guard('wake')}
  RETURNING ${CHANGED}
),
${DELTAS}
SELECT id, queue FROM changed`;

/**
 * Which pending rows go next: tenants take turns, each in the order of its ranks, as far as the window has room.
 * Reads at most room rows of each tenant, whatever the backlog. Reads only.
 */
export const PICK_PENDING = `
WITH RECURSIVE queue AS (
  SELECT q.name, q."window" - (SELECT count(*) FROM (
    SELECT FROM tasks w WHERE w.queue = q.name AND w.status = 'queued' LIMIT q."window") AS held) AS room
  FROM queues q WHERE q.name = $1 AND NOT q.paused
),
waiting AS (
  (SELECT t.tenant_id FROM tasks t WHERE t.queue = $1 AND t.status = 'pending' ORDER BY t.tenant_id LIMIT 1)
  UNION ALL
  SELECT (SELECT t.tenant_id FROM tasks t
          WHERE t.queue = $1 AND t.status = 'pending' AND t.tenant_id > w.tenant_id ORDER BY t.tenant_id LIMIT 1)
  FROM waiting w WHERE w.tenant_id IS NOT NULL
)
SELECT next.id
FROM queue
CROSS JOIN waiting w
CROSS JOIN LATERAL (
  SELECT t.id, t.rank_at, row_number() OVER (ORDER BY t.rank_at, t.id) AS turn
  FROM (SELECT id, rank_at FROM tasks p WHERE p.queue = $1 AND p.tenant_id = w.tenant_id AND p.status = 'pending'
        ORDER BY p.rank_at, p.id LIMIT greatest(queue.room, 0)) AS t
) AS next
WHERE w.tenant_id IS NOT NULL
  AND NOT EXISTS (SELECT FROM tenant_queues tq WHERE tq.tenant_id = w.tenant_id AND tq.queue = $1 AND tq.paused)
ORDER BY next.turn, next.rank_at
LIMIT greatest((SELECT room FROM queue), 0)`;

/** Locks: none, LOCK_TASKS went before. The epoch rises: the transport gets a new key. */
export const DISPATCH = `
WITH before AS (SELECT id, status FROM tasks t WHERE id = ANY($1::uuid[]) AND ${guard('dispatch')}),
changed AS (
  UPDATE tasks t SET status = ${to('dispatch')}, reason = NULL, epoch = t.epoch + 1, queued_at = now()
  FROM before b WHERE t.id = b.id AND ${guard('dispatch')}
  RETURNING ${CHANGED}, t.rank_at
),
${DELTAS}
SELECT t.id, t.queue, t.type, t.status, t.epoch, t.created_at, ${TRANSPORT_PRIORITY}
FROM changed t JOIN queues q ON q.name = t.queue`;

/** Rows the transport should hold by now. $2: queued until then; $3: how many; $4, $5: after this row. Reads only. */
export const FIND_QUEUED = `
SELECT id, epoch, queued_at, crashes >= 2 AS suspect FROM tasks
WHERE queue = $1 AND status = 'queued' AND queued_at <= $2::timestamptz
  AND ($4::timestamptz IS NULL OR (queued_at, id) > ($4::timestamptz, $5::uuid))
ORDER BY queued_at, id LIMIT $3`;

/** Locks: none, LOCK_TASKS went before. Same status, new epoch, one line of history. $2: why. */
export const REDISPATCH = `
WITH changed AS (
  UPDATE tasks t SET epoch = t.epoch + 1, queued_at = now()
  FROM jsonb_to_recordset($1::jsonb) AS i(id uuid, epoch int)
  WHERE t.id = i.id AND t.epoch = i.epoch AND ${guard('redispatch')}
  RETURNING ${CHANGED}, t.rank_at
),
events AS (
  INSERT INTO task_events (task_id, tenant_id, kind, detail)
  SELECT id, tenant_id, 'redispatched', jsonb_build_object('why', $2::text) FROM changed
)
SELECT t.id, t.queue, t.type, t.status, t.epoch, t.created_at, ${TRANSPORT_PRIORITY}
FROM changed t JOIN queues q ON q.name = t.queue`;

/** Locks: one row. $2: epoch, $3: delay, s, $4: why. */
export const POSTPONE = `
WITH before AS (SELECT id, status FROM tasks WHERE id = $1::uuid AND epoch = $2 AND status = 'queued' FOR NO KEY UPDATE),
changed AS (
  UPDATE tasks t SET status = ${to('postpone')}, reason = $4, run_at = now() + make_interval(secs => $3::float8)
  FROM before b WHERE t.id = b.id AND t.epoch = $2 AND ${guard('postpone')}
  RETURNING ${CHANGED}
),
${DELTAS}
SELECT id, queue FROM changed`;
