import { fingerprintSql } from './fingerprint.js';
import { WAITING_STATUSES } from './lifecycle.js';
import { ATTEMPTS, CHANGED, DELTAS, ENDED_BY_SWEEP, OVERDUE, errorOf, guard, to } from './parts.sql.js';

const WAITING = WAITING_STATUSES.map((status) => `'${status}'`).join(', ');

const CRASHED = {
  code: 'handler.crashed',
  message: 'The worker process died three times while it ran this task, the last time alone',
};
const NOT_STARTED = { code: 'task.expired', message: 'The task was not started before it expired' };
const TIMED_OUT = { code: 'handler.timeout', message: 'The attempt ran longer than 1 s' };

/**
 * Takes the tasks of processes away that are silent, or of which nothing is known. Locks: rows nobody else holds.
 * $1: lease, s; $2: how many. Only the loss of a process that ran one suspect alone can raise the third crash; one that
 * signed off before it was silent has forgotten the task, and crashed nothing.
 */
export const LOSE = `
WITH before AS (
  SELECT t.id, t.status, t.attempts, t.lease_token, t.worker_incarnation, NULL::jsonb AS error, d.forgotten,
    CASE WHEN d.forgotten THEN 'interrupted' ELSE 'lost' END AS outcome,
    t.crashes >= 2 AND w.kind = 'isolated' AND t.cancel_requested_at IS NULL AND NOT d.forgotten AS guilty,
    t.cancel_requested_at IS NOT NULL AS cancels, coalesce(t.deadline_at <= now(), false) AS overruns
  FROM tasks t LEFT JOIN workers w ON w.incarnation = t.worker_incarnation
  CROSS JOIN LATERAL (SELECT w.status IS NOT DISTINCT FROM 'stopped' AS forgotten) AS d
  WHERE t.status = 'processing' AND (w.incarnation IS NULL OR w.status = 'lost'
    OR w.last_seen_at < now() - make_interval(secs => $1::float8))
  ORDER BY t.id LIMIT $2 FOR NO KEY UPDATE OF t SKIP LOCKED
),
changed AS (
  UPDATE tasks t SET
    status = CASE WHEN b.guilty THEN ${to('quarantine')} WHEN b.cancels THEN ${to('abort')}
      WHEN b.overruns THEN ${to('overrun')} ELSE ${to('lose')} END,
    reason = CASE WHEN b.guilty THEN 'poison' WHEN b.overruns AND NOT b.cancels THEN 'expired' END,
    crashes = CASE WHEN b.forgotten THEN t.crashes WHEN b.guilty THEN t.crashes + 1 ELSE least(t.crashes + 1, 2) END,
    returns = t.returns + b.forgotten::int,
    error = CASE WHEN b.guilty THEN ${errorOf('handler.crashed', `'${CRASHED.message}'`)}
      WHEN b.overruns AND NOT b.cancels THEN ${OVERDUE.error} ELSE t.error END,
    fingerprint = CASE WHEN b.guilty THEN ${fingerprintSql('t.type', CRASHED)}
      WHEN b.overruns AND NOT b.cancels THEN ${OVERDUE.fingerprint} ELSE t.fingerprint END,
    finished_at = CASE WHEN b.guilty OR b.cancels OR b.overruns THEN now() END,
    lease_token = NULL, run_at = now()
  FROM before b WHERE t.id = b.id AND ${guard('lose')}
  RETURNING ${CHANGED}
),
${ATTEMPTS},
events AS (
  INSERT INTO task_events (task_id, tenant_id, kind, detail)
  SELECT c.id, c.tenant_id, CASE WHEN b.guilty THEN 'quarantined' ELSE 'forgotten' END,
    jsonb_build_object('epoch', c.epoch, 'worker_incarnation', b.worker_incarnation)
  FROM changed c JOIN before b ON b.id = c.id WHERE b.guilty OR b.forgotten
),
${DELTAS}
SELECT ${ENDED_BY_SWEEP} FROM changed c`;

/**
 * Ends attempts past their time, or their task's, that nobody settled; spends one. Locks: rows nobody else holds.
 * $1: grace, s; $2: aging, s.
 */
export const TIME_OUT = `
WITH late AS (
  SELECT t.id, t.status, t.attempts, t.lease_token, t.worker_incarnation,
    t.cancel_requested_at IS NOT NULL AS cancels,
    l.times_out AND t.attempts + 1 >= t.max_attempts AS last, l.overruns AND NOT (l.times_out AND t.attempts + 1 >= t.max_attempts) AS overruns,
    CASE WHEN l.overruns AND NOT l.times_out THEN ${OVERDUE.error} ELSE ${errorOf(
      'handler.timeout',
      `format('The attempt ran longer than %s s', (t.timeout_ms / 1000.0)::float8)`,
    )} END AS error,
    least((t.backoff->>'max_ms')::float8, (t.backoff->>'base_ms')::float8 * power((t.backoff->>'factor')::float8, t.attempts))
      AS delay_ms
  FROM tasks t CROSS JOIN LATERAL (
    SELECT t.started_at < now() - t.timeout_ms * interval '1 millisecond' - make_interval(secs => $1::float8) AS times_out,
      coalesce(t.deadline_at < now() - make_interval(secs => $1::float8), false) AS overruns) AS l
  WHERE t.status = 'processing' AND (l.times_out OR l.overruns)
  ORDER BY t.id LIMIT 200 FOR NO KEY UPDATE OF t SKIP LOCKED
),
before AS (SELECT *, CASE WHEN cancels THEN 'cancelled' ELSE 'timed_out' END AS outcome FROM late),
changed AS (
  UPDATE tasks t SET
    status = CASE WHEN b.cancels THEN ${to('abort')} WHEN b.overruns THEN ${to('overrun')} WHEN b.last THEN ${to('exhaust')}
      ELSE ${to('retry')} END,
    reason = CASE WHEN b.cancels THEN NULL WHEN b.overruns THEN 'expired' WHEN b.last THEN 'timeout' ELSE 'retry' END,
    attempts = t.attempts + 1, lease_token = NULL,
    error = CASE WHEN b.overruns THEN ${OVERDUE.error} ELSE b.error END,
    fingerprint = CASE WHEN b.overruns THEN ${OVERDUE.fingerprint} ELSE ${fingerprintSql('t.type', TIMED_OUT)} END,
    run_at = now() + b.delay_ms * interval '1 millisecond',
    rank_at = now() + b.delay_ms * interval '1 millisecond' - t.priority * make_interval(secs => $2::float8),
    finished_at = CASE WHEN b.cancels OR b.overruns OR b.last THEN now() END
  FROM before b WHERE t.id = b.id AND ${guard('retry')}
  RETURNING ${CHANGED}
),
${ATTEMPTS},
events AS (
  INSERT INTO task_events (task_id, tenant_id, kind, detail)
  SELECT c.id, c.tenant_id, 'timeout_enforced', jsonb_build_object('epoch', c.epoch) FROM changed c
),
${DELTAS}
SELECT ${ENDED_BY_SWEEP} FROM changed c`;

/** Ends waiting tasks that are past their times. Locks: rows nobody else holds. $1: how many. */
export const EXPIRE = `
WITH due AS (
  (SELECT id FROM tasks WHERE expires_at <= now() AND started_at IS NULL AND status IN (${WAITING})
   ORDER BY expires_at LIMIT $1)
  UNION
  (SELECT id FROM tasks WHERE deadline_at <= now() AND status IN (${WAITING}) ORDER BY deadline_at LIMIT $1)
),
before AS (
  SELECT t.id, t.status, coalesce(t.deadline_at <= now(), false) AS overdue FROM tasks t
  WHERE t.id IN (SELECT id FROM due) AND ${guard('expire')}
    AND (t.deadline_at <= now() OR (t.expires_at <= now() AND t.started_at IS NULL))
  ORDER BY t.id LIMIT $1 FOR NO KEY UPDATE OF t SKIP LOCKED
),
changed AS (
  UPDATE tasks t SET status = ${to('expire')}, reason = 'expired', finished_at = now(),
    error = CASE WHEN b.overdue THEN ${OVERDUE.error} ELSE ${errorOf('task.expired', `'${NOT_STARTED.message}'`)} END,
    fingerprint = CASE WHEN b.overdue THEN ${OVERDUE.fingerprint} ELSE ${fingerprintSql('t.type', NOT_STARTED)} END
  FROM before b WHERE t.id = b.id AND ${guard('expire')}
  RETURNING ${CHANGED}
),
events AS (INSERT INTO task_events (task_id, tenant_id, kind) SELECT id, tenant_id, 'expired' FROM changed),
${DELTAS}
SELECT ${ENDED_BY_SWEEP} FROM changed c`;
