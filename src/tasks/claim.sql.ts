import { CHANGED, DELTAS, guard, to } from './parts.sql.js';

const CLAIMED = `t.id, t.tenant_id, t.queue, t.type, t.attempts, t.epoch, t.payload, t.max_attempts, t.returns, t.backoff,
  t.timeout_ms, t.traceparent, extract(epoch FROM now() - coalesce(t.run_at, t.created_at))::float8 * 1000 AS wait_ms,
  extract(epoch FROM t.deadline_at - now())::float8 * 1000 AS deadline_ms`;

/**
 * Locks: the named rows that are queued, in id order, found by the index of the queued alone; and, shared, the switch of
 * each queue: a pause waits for the claims that began before it, and those that come later see it.
 */
export const LOCK_CLAIMS = `
WITH locked AS (
  SELECT t.queue FROM jsonb_to_recordset($1::jsonb) AS i(id uuid, queue text)
  JOIN tasks t ON t.queue = i.queue AND t.id = i.id
  WHERE t.status = 'queued' ORDER BY t.id FOR NO KEY UPDATE OF t
)
SELECT pg_advisory_xact_lock_shared(hashtextextended('pause:' || l.queue, 0))::text
FROM (SELECT DISTINCT queue FROM locked ORDER BY queue) AS l`;

/**
 * Locks: none, LOCK_CLAIMS went before. $2: incarnation, $3: whether this process may run suspects.
 * Of two claims of one row in one batch (the transport delivered twice) only one gets it. What is past its times is left to
 * the sweep.
 */
export const CLAIM = `
WITH input AS MATERIALIZED (
  SELECT * FROM jsonb_to_recordset($1::jsonb) AS i(id uuid, queue text, epoch int, token uuid)
),
switches AS MATERIALIZED (SELECT name, paused FROM queues WHERE name IN (SELECT queue FROM input)),
before AS MATERIALIZED (
  SELECT DISTINCT ON (t.id) t.ctid AS at, t.id, t.status, i.token, t.crashes >= 2 AS suspect,
    coalesce(q.paused, false) OR coalesce(tq.paused, false) AS paused
  FROM input i
  JOIN tasks t ON t.queue = i.queue AND t.id = i.id AND t.status = 'queued' AND t.epoch = i.epoch
  LEFT JOIN switches q ON q.name = t.queue
  LEFT JOIN tenant_queues tq ON tq.tenant_id = t.tenant_id AND tq.queue = t.queue
  WHERE coalesce(t.deadline_at > now(), true) AND coalesce(t.expires_at > now() OR t.started_at IS NOT NULL, true)
  ORDER BY t.id
),
changed AS (
  UPDATE tasks t SET
    status = CASE WHEN b.paused THEN ${to('withdraw')} ELSE ${to('claim')} END,
    lease_token = CASE WHEN b.paused THEN NULL ELSE b.token END,
    worker_incarnation = CASE WHEN b.paused THEN t.worker_incarnation ELSE $2::uuid END,
    started_at = CASE WHEN b.paused THEN t.started_at ELSE now() END,
    progress = NULL, progress_message = NULL
  FROM before b
  WHERE t.ctid = b.at AND t.id = b.id AND ${guard('claim')} AND (b.paused OR $3::boolean OR NOT b.suspect)
  RETURNING ${CHANGED}, t.payload, t.max_attempts, t.returns, t.backoff, t.timeout_ms, t.traceparent, t.deadline_at, b.token
),
events AS (
  INSERT INTO task_events (task_id, tenant_id, kind, detail)
  SELECT id, tenant_id, 'withdrawn', jsonb_build_object('epoch', epoch, 'why', 'its queue is paused')
  FROM changed WHERE status = ${to('withdraw')}
),
${DELTAS}
SELECT ${CLAIMED}, t.token, CASE WHEN t.status = 'processing' THEN 'claimed' ELSE 'withdrawn' END AS verdict
FROM changed t
UNION ALL
SELECT ${CLAIMED}, b.token, 'suspect'
FROM before b JOIN tasks t ON t.ctid = b.at WHERE NOT EXISTS (SELECT FROM changed c WHERE c.id = b.id)`;

/** A repeated claim finds its own tokens: the first had worked, its reply was lost. Reads only. */
export const FIND_CLAIMED = `
SELECT ${CLAIMED}, i.token, 'claimed' AS verdict
FROM jsonb_to_recordset($1::jsonb) AS i(id uuid, epoch int, token uuid)
JOIN tasks t ON t.id = i.id AND t.epoch = i.epoch AND t.lease_token = i.token AND t.status || '' = 'processing'`;

/** Locks: the task's row, shared, until the handler's effects commit. */
export const HOLD_LEASE = `
SELECT id FROM tasks
WHERE id = $1::uuid AND epoch = $2 AND lease_token = $3::uuid AND status = 'processing' FOR SHARE`;
