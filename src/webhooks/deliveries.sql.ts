/**
 * Locks: none held by others; rows come sorted by `owed_for`. What is owed already stays as it is, and a receiver that
 * answered 410 is owed nothing more of this task or batch.
 */
export const OWE = `
INSERT INTO webhook_deliveries (id, tenant_id, owed_for, task_id, batch_id, event, url, host, body, traceparent)
SELECT i.id, i.tenant_id, i.owed_for, i.task_id, i.batch_id, i.event, i.url, i.host, i.body, i.traceparent
FROM jsonb_to_recordset($1::jsonb) AS i(
  id uuid, tenant_id text, owed_for text, task_id uuid, batch_id uuid, event text, url text, host text, body text,
  traceparent text)
WHERE NOT EXISTS (
    SELECT FROM webhook_deliveries g
    WHERE g.task_id = i.task_id AND g.status = 'failed' AND g.last_status_code = 410)
  AND (i.task_id IS NOT NULL OR NOT EXISTS (
    SELECT FROM webhook_deliveries g
    WHERE g.batch_id = i.batch_id AND g.task_id IS NULL AND g.status = 'failed' AND g.last_status_code = 410))
ORDER BY i.owed_for
ON CONFLICT (owed_for) DO NOTHING`;

/** Reads only. Touches one index page while nothing is due. */
export const ANY_DUE = `
SELECT EXISTS (SELECT FROM webhook_deliveries WHERE status = 'pending' AND next_attempt_at <= now()) AS due,
  EXISTS (SELECT FROM webhook_deliveries WHERE status = 'sending' AND lease_until < now()) AS expired`;

/**
 * The first due rows of each lane (a tenant's for one host), lane by lane from the one after $1, $2. $3: lanes; $4: rows of
 * each. Hops from lane to lane in the index, so that a long lane costs no more than a short one. Reads only.
 */
export const FIND_DUE = `
WITH RECURSIVE lanes AS (
  (SELECT tenant_id, host, 1 AS n FROM webhook_deliveries
   WHERE status = 'pending' AND (tenant_id, host) > ($1, $2) ORDER BY tenant_id, host LIMIT 1)
  UNION ALL
  SELECT next.tenant_id, next.host, l.n + 1 FROM lanes l CROSS JOIN LATERAL (
    SELECT d.tenant_id, d.host FROM webhook_deliveries d
    WHERE d.status = 'pending' AND (d.tenant_id, d.host) > (l.tenant_id, l.host)
    ORDER BY d.tenant_id, d.host LIMIT 1) AS next
  WHERE l.n < $3::int
)
SELECT l.tenant_id, l.host, d.id FROM lanes l LEFT JOIN LATERAL (
  SELECT w.id, w.next_attempt_at FROM webhook_deliveries w
  WHERE w.status = 'pending' AND w.tenant_id = l.tenant_id AND w.host = l.host AND w.next_attempt_at <= now()
  ORDER BY w.next_attempt_at, w.id LIMIT $4::int) AS d ON true
ORDER BY l.n, d.next_attempt_at, d.id`;

/** Locks: rows nobody else holds, in id order. The attempt counts from here on. $2: lease; $3: its length, s. */
export const TAKE = `
WITH locked AS (
  SELECT id FROM webhook_deliveries
  WHERE id = ANY($1::uuid[]) AND status = 'pending' AND next_attempt_at <= now()
  ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE webhook_deliveries d SET status = 'sending', attempts = d.attempts + 1, last_attempt_at = now(),
  lease_token = $2::uuid, lease_until = now() + make_interval(secs => $3::float8)
FROM locked l WHERE d.id = l.id
RETURNING d.id, d.tenant_id, d.event, d.url, d.host, d.body, d.traceparent, d.attempts, d.lease_token,
  extract(epoch FROM now())::int AS at_seconds`;

/** Locks: the named rows that are still under their lease, in id order. */
export const SETTLE_DELIVERIES = `
WITH locked AS (
  SELECT d.id, i.status, i.status_code, i.error, i.response, i.delay_ms
  FROM jsonb_to_recordset($1::jsonb) AS i(
    id uuid, token uuid, status text, status_code smallint, error text, response text, delay_ms float8)
  JOIN webhook_deliveries d ON d.id = i.id AND d.lease_token = i.token
  ORDER BY d.id FOR NO KEY UPDATE OF d
)
UPDATE webhook_deliveries d SET status = l.status, lease_token = NULL, lease_until = NULL,
  last_status_code = l.status_code, last_error = l.error, last_response = l.response,
  next_attempt_at = now() + l.delay_ms * interval '1 millisecond',
  finished_at = CASE WHEN l.status IN ('succeeded', 'failed') THEN now() END
FROM locked l WHERE d.id = l.id
RETURNING d.id`;

/** An attempt that was not made, or not to its end: it does not count. $1: id; $2: lease; $3: pause, s; $4: why. */
export const GIVE_BACK = `
UPDATE webhook_deliveries SET status = 'pending', attempts = attempts - 1, lease_token = NULL, lease_until = NULL,
  next_attempt_at = now() + make_interval(secs => $3::float8), last_error = $4
WHERE id = $1::uuid AND lease_token = $2::uuid`;

/** What the same task or batch is still owed when its receiver is gone. $1: the delivery that was answered so. */
export const END_SIBLINGS = `
WITH gone AS (SELECT task_id, batch_id FROM webhook_deliveries WHERE id = $1::uuid),
locked AS (
  SELECT d.id FROM webhook_deliveries d, gone g
  WHERE d.status = 'pending' AND d.id <> $1::uuid
    AND (d.task_id = g.task_id OR (d.batch_id = g.batch_id AND d.task_id IS NULL AND g.task_id IS NULL))
  ORDER BY d.id FOR NO KEY UPDATE OF d SKIP LOCKED
)
UPDATE webhook_deliveries d SET status = 'failed', finished_at = now(), last_status_code = 410,
  last_error = 'The receiver answered 410 to another callback of this'
FROM locked l WHERE d.id = l.id`;

/** Locks: rows nobody else holds. Whoever was sending died or sleeps. $1: attempts allowed; $2: rows. */
export const EXPIRE = `
WITH expired AS (
  SELECT id FROM webhook_deliveries WHERE status = 'sending' AND lease_until < now()
  ORDER BY id LIMIT $2::int FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE webhook_deliveries d SET lease_token = NULL, lease_until = NULL, next_attempt_at = now(),
  status = CASE WHEN d.attempts >= $1::int THEN 'failed' ELSE 'pending' END,
  finished_at = CASE WHEN d.attempts >= $1::int THEN now() END,
  last_error = 'The process that was sending it died; the receiver may have heard it'
FROM expired e WHERE d.id = e.id
RETURNING d.id`;

/** All attempts are there again. */
export const REPLAY_DELIVERY = `
UPDATE webhook_deliveries SET status = 'pending', attempts = 0, next_attempt_at = now(), finished_at = NULL
WHERE id = $1::uuid AND tenant_id = $2 AND status <> 'sending' RETURNING id`;

/** Locks: rows nobody else holds. $1: ended so many days ago; $2: rows. */
export const PURGE_DELIVERIES = `
DELETE FROM webhook_deliveries WHERE id IN (
  SELECT id FROM webhook_deliveries WHERE finished_at < now() - make_interval(days => $1::int)
  ORDER BY finished_at LIMIT $2::int FOR UPDATE SKIP LOCKED)`;
