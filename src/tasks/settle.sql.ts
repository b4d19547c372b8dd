import { ATTEMPTS, CHANGED, DELTAS, ENDED, OVERDUE, guard, to } from './parts.sql.js';

/**
 * Locks: none, LOCK_TASKS went before. Nobody can update a row that is held, and no vacuum moves one that lives, so the
 * update goes straight to where `before` found it. $2: aging, s. A row whose cancel was asked, or whose deadline has
 * passed, ends with that unless it completed.
 */
export const SETTLE = `
WITH before AS (
  SELECT t.ctid AS at, t.id, t.status, t.attempts, t.lease_token, t.worker_incarnation, i.event, i.spends, i.returns,
    i.result, i.error, i.fingerprint, i.logs, i.delay_ms, c.overruns AND NOT c.cancels AS overruns,
    CASE WHEN c.cancels THEN ${to('abort')} WHEN c.overruns THEN ${to('overrun')} ELSE i.target END AS target,
    CASE WHEN c.cancels THEN 'cancelled' ELSE i.outcome END AS outcome,
    CASE WHEN c.cancels THEN NULL WHEN c.overruns THEN 'expired' ELSE i.reason END AS reason
  FROM jsonb_to_recordset($1::jsonb) AS i(
    id uuid, epoch int, token uuid, event text, target text, outcome text, reason text, spends smallint,
    returns smallint, delay_ms float8, result jsonb, error jsonb, fingerprint text, logs jsonb)
  JOIN tasks t ON t.id = i.id AND t.epoch = i.epoch AND t.lease_token = i.token
  CROSS JOIN LATERAL (SELECT i.event <> 'complete' AND t.cancel_requested_at IS NOT NULL AS cancels,
    i.target IN ('scheduled', 'pending') AND coalesce(t.deadline_at <= now(), false) AS overruns) AS c
  WHERE ${guard('complete')}
),
changed AS (
  UPDATE tasks t SET
    status = b.target, reason = b.reason, attempts = t.attempts + b.spends, returns = t.returns + b.returns,
    lease_token = NULL, result = b.result,
    fingerprint = CASE WHEN b.overruns THEN ${OVERDUE.fingerprint} ELSE b.fingerprint END,
    error = CASE WHEN b.event = 'complete' THEN NULL WHEN b.overruns THEN ${OVERDUE.error} ELSE coalesce(b.error, t.error) END,
    run_at = CASE b.target WHEN 'scheduled' THEN now() + b.delay_ms * interval '1 millisecond'
      WHEN 'pending' THEN now() ELSE t.run_at END,
    rank_at = CASE WHEN b.target = 'scheduled'
      THEN now() + b.delay_ms * interval '1 millisecond' - t.priority * make_interval(secs => $2::float8)
      ELSE t.rank_at END,
    progress = CASE WHEN b.event = 'complete' THEN 1 ELSE t.progress END,
    finished_at = CASE WHEN b.target IN ('completed', 'failed', 'cancelled') THEN now() END
  FROM before b WHERE t.ctid = b.at AND t.id = b.id AND ${guard('complete')}
  RETURNING ${CHANGED}
),
${ATTEMPTS},
logs AS (
  INSERT INTO task_logs (task_id, tenant_id, epoch, level, message, data, at)
  SELECT c.id, c.tenant_id, c.epoch, l.level, l.message, l.data, l.at
  FROM changed c JOIN before b ON b.id = c.id
  CROSS JOIN LATERAL jsonb_to_recordset(coalesce(b.logs, '[]')) AS l(level text, message text, data jsonb, at timestamptz)
),
${DELTAS}
SELECT ${ENDED}, b.outcome FROM changed c JOIN before b ON b.id = c.id`;

/** What became of attempts whose settlement changed no row. Reads only. */
export const FIND_ATTEMPTS = `
SELECT a.task_id AS id, a.outcome, t.status
FROM jsonb_to_recordset($1::jsonb) AS i(id uuid, epoch int, token uuid)
JOIN task_attempts a ON a.task_id = i.id AND a.epoch = i.epoch AND a.lease_token = i.token
JOIN tasks t ON t.id = a.task_id`;

export const INSERT_EVENTS = `
INSERT INTO task_events (task_id, tenant_id, kind, detail)
SELECT t.id, t.tenant_id, i.kind, i.detail
FROM jsonb_to_recordset($1::jsonb) AS i(id uuid, kind text, detail jsonb) JOIN tasks t ON t.id = i.id`;

/** Locks: none, LOCK_TASKS went before. */
export const SAVE_PROGRESS = `
WITH changed AS (
  UPDATE tasks t SET progress = coalesce(i.progress, t.progress),
    progress_message = coalesce(i.progress_message, t.progress_message)
  FROM jsonb_to_recordset($1::jsonb) AS i(id uuid, epoch int, token uuid, progress real, progress_message text)
  WHERE t.id = i.id AND t.epoch = i.epoch AND t.lease_token = i.token
  RETURNING t.id, t.tenant_id, t.epoch
)
INSERT INTO task_logs (task_id, tenant_id, epoch, level, message, data, at)
SELECT c.id, c.tenant_id, c.epoch, l.level, l.message, l.data, l.at
FROM changed c
JOIN jsonb_to_recordset($1::jsonb) AS i(id uuid, logs jsonb) ON i.id = c.id
CROSS JOIN LATERAL jsonb_to_recordset(coalesce(i.logs, '[]')) AS l(level text, message text, data jsonb, at timestamptz)`;
