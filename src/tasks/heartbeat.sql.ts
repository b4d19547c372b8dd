export const REGISTER_WORKER = `
INSERT INTO workers (incarnation, name, kind, host, pid, version, queues, types, concurrency, lanes, status)
VALUES ($1::uuid, $2, $3, $4, $5, $6, $7::text[], $8::text[], $9, $10::jsonb, 'running')
ON CONFLICT (incarnation) DO UPDATE SET last_seen_at = now()`;

/**
 * One beat: alive until now, also when the reconciler had given this process up; whether it is to drain; and which rows
 * Postgres thinks it holds, one line without a row when there is none. No line at all: its own row is gone, or it has
 * signed off and this beat comes late. Runs on the pulse's connection.
 */
export const BEAT = `
WITH beat AS (
  UPDATE workers SET last_seen_at = now(), active = $2::int, processed = $3::bigint, failed = $4::bigint,
    memory_bytes = $5::bigint, status = $6::text
  WHERE incarnation = $1::uuid AND status <> 'stopped'
  RETURNING drain_requested_at IS NOT NULL AS drain
)
SELECT b.drain, t.id, t.epoch, t.lease_token, t.cancel_requested_at IS NOT NULL AS cancel,
  t.started_at < now() - interval '5 seconds' AS old
FROM beat b LEFT JOIN tasks t ON t.worker_incarnation = $1::uuid AND t.status = 'processing'`;

export const RETIRE_WORKER = `
UPDATE workers SET status = 'stopped', active = 0, last_seen_at = now() WHERE incarnation = $1::uuid AND status <> 'lost'`;

/** Said by a parent of its isolated child: the reconciler need not wait for the silence. */
export const DECLARE_LOST = `UPDATE workers SET status = 'lost' WHERE incarnation = $1::uuid`;
