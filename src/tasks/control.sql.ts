import { MUST_ASK } from './dependencies.sql.js';
import { CHANGED, DELTAS, ENDED, guard, to } from './parts.sql.js';

/** Locks: none, LOCK_TASKS went before. Waiting tasks end now; running ones are asked to. */
export const CANCEL = `
WITH before AS (
  SELECT id, status FROM tasks t WHERE id = ANY($1::uuid[]) AND ${guard('cancel')}
),
changed AS (
  UPDATE tasks t SET status = ${to('cancel')}, reason = NULL, finished_at = now(), cancel_requested_at = now()
  FROM before b WHERE t.id = b.id AND ${guard('cancel')}
  RETURNING ${CHANGED}
),
asked AS (
  UPDATE tasks SET cancel_requested_at = coalesce(cancel_requested_at, now())
  WHERE id = ANY($1::uuid[]) AND status = 'processing'
  RETURNING id, tenant_id, queue, type, status, batch_id, callback_url, epoch
),
events AS (
  INSERT INTO task_events (task_id, tenant_id, kind)
  SELECT id, tenant_id, 'cancel_requested' FROM changed UNION ALL SELECT id, tenant_id, 'cancel_requested' FROM asked
),
${DELTAS}
SELECT ${ENDED}, c.epoch FROM changed c UNION ALL SELECT ${ENDED}, c.epoch FROM asked c`;

/**
 * Locks: none, LOCK_TASKS went before. A clean slate in the same row; earlier attempts stay. A task whose parents are not
 * all done waits for their word; a time that has passed binds no more. $2: new payload, $3: aging, s; $4: what goes into the history.
 */
export const REPLAY = `
WITH before AS (
  SELECT t.id, t.status, t.payload, CASE WHEN ${MUST_ASK} THEN ${to('revive')} ELSE ${to('replay')} END AS target
  FROM tasks t WHERE t.id = ANY($1::uuid[]) AND ${guard('replay')}
),
changed AS (
  UPDATE tasks t SET
    status = b.target, reason = NULL, attempts = 0, crashes = 0, returns = 0, result = NULL, error = NULL,
    fingerprint = NULL, progress = NULL, progress_message = NULL, cancel_requested_at = NULL, finished_at = NULL,
    started_at = NULL, run_at = now(), rank_at = now() - t.priority * make_interval(secs => $3::float8),
    expires_at = CASE WHEN t.expires_at > now() THEN t.expires_at END,
    deadline_at = CASE WHEN t.deadline_at > now() THEN t.deadline_at END, payload = coalesce($2::jsonb, t.payload)
  FROM before b WHERE t.id = b.id AND ${guard('replay')}
  RETURNING ${CHANGED}
),
events AS (
  INSERT INTO task_events (task_id, tenant_id, kind, detail)
  SELECT c.id, c.tenant_id, 'replayed',
    CASE WHEN $2::jsonb IS NOT NULL THEN jsonb_build_object('replaced_payload', b.payload) ELSE $4::jsonb END
  FROM changed c JOIN before b ON b.id = c.id
),
${DELTAS}
SELECT id, queue, batch_id, status FROM changed`;

/**
 * Locks: none, LOCK_TASKS went before. Another priority or time for a task that waits; one that is in the transport
 * leaves it, so that its new place counts. $2: priority, $3: run at, $4: aging, s.
 */
export const REVISE = `
WITH before AS (
  SELECT t.id, t.status, t.priority, t.run_at, t.epoch, CASE
    WHEN t.status = 'blocked' OR (t.status = 'scheduled' AND $3::timestamptz IS NULL) THEN t.status
    WHEN $3::timestamptz > now() THEN ${to('postpone')}
    WHEN t.status = 'queued' THEN ${to('withdraw')}
    ELSE ${to('wake')} END AS target
  FROM tasks t WHERE t.id = $1::uuid AND ${guard('cancel')}
),
changed AS (
  UPDATE tasks t SET status = b.target, priority = coalesce($2::smallint, t.priority),
    reason = CASE WHEN $3::timestamptz IS NULL THEN t.reason WHEN b.target = ${to('postpone')} THEN 'run_at' END,
    delay_ms = CASE WHEN $3::timestamptz IS NULL THEN t.delay_ms END,
    run_at = CASE WHEN $3::timestamptz IS NULL THEN t.run_at ELSE greatest($3::timestamptz, now()) END,
    rank_at = CASE WHEN $3::timestamptz IS NULL THEN t.rank_at + t.priority * make_interval(secs => $4::float8)
      ELSE greatest($3::timestamptz, now()) END - coalesce($2::smallint, t.priority) * make_interval(secs => $4::float8)
  FROM before b WHERE t.id = b.id AND ${guard('cancel')}
  RETURNING ${CHANGED}
),
events AS (
  INSERT INTO task_events (task_id, tenant_id, kind, detail)
  SELECT c.id, c.tenant_id, 'revised', jsonb_build_object('priority', jsonb_build_array(b.priority, c.priority),
    'run_at', jsonb_build_array(b.run_at, c.run_at))
  FROM changed c JOIN before b ON b.id = c.id
),
${DELTAS}
SELECT c.id, c.queue, c.status, c.epoch, b.status = 'queued' AS withdrawn FROM changed c JOIN before b ON b.id = c.id`;
