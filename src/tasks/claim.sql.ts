import { CHANGED, DELTAS, guard, to } from './parts.sql.js';

/**
 * Locks: none, LOCK_TASKS went before. $2: incarnation, $3: whether this process may run suspects.
 * A repeated claim finds its own token and gets the same rows again; of two claims of one row in one batch (the
 * transport delivered twice) only one gets it.
 */
export const CLAIM = `
WITH before AS (
  SELECT DISTINCT ON (t.id) t.id, t.status, i.epoch, i.token, t.crashes >= 2 AS suspect,
    coalesce(q.paused, false) OR coalesce(tq.paused, false) AS paused
  FROM jsonb_to_recordset($1::jsonb) AS i(id uuid, epoch int, token uuid)
  JOIN tasks t ON t.id = i.id AND t.epoch = i.epoch
  LEFT JOIN queues q ON q.name = t.queue
  LEFT JOIN tenant_queues tq ON tq.tenant_id = t.tenant_id AND tq.queue = t.queue
  WHERE t.status = 'queued' OR (t.status = 'processing' AND t.lease_token = i.token)
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
  WHERE t.id = b.id AND t.epoch = b.epoch AND ${guard('claim')} AND (b.paused OR $3::boolean OR NOT b.suspect)
  RETURNING ${CHANGED}, t.payload, t.max_attempts, t.returns, t.backoff, t.timeout_ms, t.traceparent, b.token
),
${DELTAS}
SELECT c.id, c.tenant_id, c.queue, c.type, c.attempts, c.epoch, c.payload, c.max_attempts, c.returns, c.backoff,
  c.timeout_ms, c.traceparent, c.token, CASE WHEN c.status = 'processing' THEN 'claimed' ELSE 'withdrawn' END AS verdict,
  extract(epoch FROM now() - coalesce(c.run_at, c.created_at))::float8 * 1000 AS wait_ms
FROM changed c
UNION ALL
SELECT t.id, t.tenant_id, t.queue, t.type, t.attempts, t.epoch, t.payload, t.max_attempts, t.returns, t.backoff,
  t.timeout_ms, t.traceparent, b.token, CASE WHEN b.status = 'queued' THEN 'suspect' ELSE 'claimed' END,
  extract(epoch FROM now() - coalesce(t.run_at, t.created_at))::float8 * 1000
FROM before b JOIN tasks t ON t.id = b.id
WHERE NOT EXISTS (SELECT FROM changed c WHERE c.id = b.id)`;

/** Locks: the task's row, shared, until the handler's effects commit. */
export const HOLD_LEASE = `
SELECT id FROM tasks
WHERE id = $1::uuid AND epoch = $2 AND lease_token = $3::uuid AND status = 'processing' FOR SHARE`;
