/**
 * What is due, oldest first, as of now; reads only. $1: types that this process knows: the others are left to processes
 * that know them, for a while. $2: limit.
 */
export const DUE = `
SELECT s.id, s.tenant_id, s.name, s.cron, s.timezone, s.type, s.request, s.catch_up, s.overlap, s.revision, s.next_at,
  s.refusals, s.last_task_id, now() AS now,
  coalesce(t.status NOT IN ('completed', 'failed', 'cancelled'), false) AS is_last_live
FROM schedules s LEFT JOIN tasks t ON t.id = s.last_task_id
WHERE s.wake_at <= now() AND (s.type = ANY($1::text[]) OR s.wake_at <= now() - interval '10 seconds')
ORDER BY s.wake_at, s.id LIMIT $2`;

/** Locks: those that nobody holds and nobody changed since they were read. $1: [{id, revision}]. */
export const HOLD = `
SELECT s.id FROM schedules s
JOIN jsonb_to_recordset($1::jsonb) AS r(id uuid, revision int) ON r.id = s.id AND r.revision = s.revision
ORDER BY s.id FOR NO KEY UPDATE OF s SKIP LOCKED`;

/** Locks: HOLD went before. */
export const RECORD = `
UPDATE schedules s SET
  revision = s.revision + 1,
  next_at = r.next_at,
  wake_at = CASE WHEN r.error IS NULL THEN r.next_at ELSE now() + r.wait_ms * interval '1 millisecond' END,
  last_tick_at = coalesce(r.tick_at, s.last_tick_at),
  last_fired_at = CASE WHEN r.fired > 0 THEN now() ELSE s.last_fired_at END,
  last_task_id = coalesce(r.task_id, s.last_task_id),
  last_skipped_at = CASE WHEN r.skipped > 0 THEN now() ELSE s.last_skipped_at END,
  last_skip_reason = CASE WHEN r.skipped > 0 THEN r.skip_reason ELSE s.last_skip_reason END,
  last_error = CASE
    WHEN r.error IS NOT NULL THEN r.error || jsonb_build_object('at', now())
    WHEN r.tick_at IS NULL THEN s.last_error END,
  refusals = CASE WHEN r.error IS NULL THEN 0 ELSE s.refusals + 1 END,
  fired = s.fired + r.fired,
  skipped = s.skipped + r.skipped
FROM jsonb_to_recordset($1::jsonb) AS r(id uuid, next_at timestamptz, wait_ms float8, tick_at timestamptz,
  task_id uuid, fired int, skipped int, skip_reason text, error jsonb)
WHERE s.id = r.id`;

/** Locks: the schedule's row. One more task of it, by hand. */
export const RECORD_RUN = `
UPDATE schedules SET revision = revision + 1, last_fired_at = now(), last_task_id = $2::uuid, fired = fired + 1
WHERE id = $1::uuid`;

/** Locks: the schedule's row. */
export const HOLD_ONE = `SELECT id FROM schedules WHERE id = $1::uuid FOR NO KEY UPDATE`;

export const TASK_STATUS = `SELECT status FROM tasks WHERE id = $1::uuid`;
