/** $1: id, $2: tenant, $3: kind, $4: input, $5: total, $6: rate. */
export const START = `
INSERT INTO operations (id, tenant_id, kind, input, total, rate_per_second)
VALUES ($1::uuid, $2, $3, $4::jsonb, $5::int, $6::real)`;

/**
 * The operation that was served longest ago and may go on, with how many units its rate pays for: what it did not use
 * within the last second is gone. The row's lock is the lease: it ends with its holder's transaction, however that dies.
 * $1: kinds known here, $2: the only one wanted, or null, $3: most units of a step.
 */
export const TAKE = `
SELECT id, tenant_id, kind, input, state, created_at,
  CASE WHEN rate_per_second IS NULL THEN $3::int ELSE least($3::int, 1 + floor(rate_per_second
    * extract(epoch FROM now() - greatest(resume_at, now() - interval '1 second'))))::int END AS "limit"
FROM operations
WHERE status = 'running' AND resume_at <= now() AND kind = ANY($1::text[]) AND ($2::uuid IS NULL OR id = $2::uuid)
ORDER BY resume_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED`;

/** Locks: none, TAKE went before. $2: state, $3: done, $4: skips, $5: whether it ended, $6: how many skips are kept. */
export const ADVANCE = `
UPDATE operations o SET
  state = $2::jsonb, done = o.done + $3::int, skipped = o.skipped + jsonb_array_length($4::jsonb),
  skips = CASE WHEN jsonb_array_length(o.skips) < $6::int THEN o.skips || $4::jsonb ELSE o.skips END,
  resume_at = CASE WHEN o.rate_per_second IS NULL THEN now()
    ELSE greatest(o.resume_at, now() - interval '1 second') + $3::int / o.rate_per_second * interval '1 second' END,
  faults = 0, error = NULL,
  status = CASE WHEN $5::boolean THEN 'completed' ELSE o.status END,
  finished_at = CASE WHEN $5::boolean THEN now() END
WHERE o.id = $1::uuid`;

/** Locks: one row. Tried again after 1 s, 2 s, 4 s and so on. $2: error, $3: faults in a row that end it. */
export const FAULT = `
UPDATE operations o SET
  faults = o.faults + 1, error = $2::jsonb, resume_at = now() + power(2, o.faults) * interval '1 second',
  status = CASE WHEN o.faults + 1 >= $3::int THEN 'failed' ELSE o.status END,
  finished_at = CASE WHEN o.faults + 1 >= $3::int THEN now() END
WHERE o.id = $1::uuid AND o.status = 'running'`;

/** Milliseconds until the next one may go on; no row when none is open. $1: kinds known here. Reads only. */
export const NEXT_DUE = `
SELECT greatest(0, extract(epoch FROM min(resume_at) - now()) * 1000)::float8 AS ms
FROM operations WHERE status = 'running' AND kind = ANY($1::text[])`;

/** Waits for the step in progress, which counts. $2: tenant. */
export const CANCEL = `
UPDATE operations SET status = 'cancelled', finished_at = now()
WHERE id = $1::uuid AND tenant_id = $2 AND status = 'running' RETURNING id`;

/** Locks: rows nobody else holds. $1: days, $2: how many. */
export const PURGE = `
DELETE FROM operations WHERE id IN (
  SELECT id FROM operations WHERE finished_at < now() - make_interval(days => $1::int)
  ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)`;
