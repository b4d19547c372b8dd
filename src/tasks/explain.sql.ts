/** Rows counted of a crowd; more is told as so many. */
const CROWD = 10_000;

/**
 * All that may hold one task up, in one statement: of one moment, a row or none. Touches the task's own rows, its
 * queue's live workers and what they run, at most a window of queued rows, and at most a crowd of those before it.
 * $1: tenant, $2: id or null, $3: external id, $4: lease, s, $5: aging, s, $6: MAX_QUEUE_SIZE. Reads only.
 */
export const EXPLAIN = `
WITH t AS MATERIALIZED (
  SELECT * FROM tasks WHERE id = $2::uuid AND tenant_id = $1
  UNION ALL
  SELECT * FROM tasks WHERE $2::uuid IS NULL AND tenant_id = $1 AND external_id = $3
),
crew AS MATERIALIZED (
  SELECT w.incarnation, w.status = 'running' AS takes, t.type = ANY(w.types) AS knows,
    coalesce((w.lanes->>t.queue)::int, w.concurrency) AS slots
  FROM t JOIN workers w ON t.queue = ANY(w.queues)
  WHERE w.kind <> 'isolated' AND w.status NOT IN ('lost', 'stopped')
    AND w.last_seen_at >= now() - make_interval(secs => $4::float8)
),
hands AS (
  SELECT count(*)::int AS alive, (count(*) FILTER (WHERE takes))::int AS taking,
    (count(*) FILTER (WHERE takes AND knows))::int AS able,
    coalesce(sum(slots) FILTER (WHERE takes AND knows), 0)::int AS slots
  FROM crew
),
at_work AS (
  SELECT coalesce(sum(r.count), 0)::int AS busy,
    coalesce(jsonb_agg(jsonb_build_object('type', r.type, 'count', r.count) ORDER BY r.type) FILTER (WHERE r.own), '[]') AS own
  FROM (
    SELECT p.type, p.tenant_id = t.tenant_id AS own, count(*) AS count
    FROM t CROSS JOIN crew c JOIN tasks p ON p.worker_incarnation = c.incarnation AND p.status = 'processing'
    WHERE p.queue = t.queue AND c.takes AND c.knows GROUP BY 1, 2
  ) AS r
),
open_parents AS (
  SELECT p.id AS task_id, p.type, p.status
  FROM t JOIN task_dependencies d ON d.task_id = t.id JOIN tasks p ON p.id = d.parent_id
  WHERE d.outcome IS NULL ORDER BY p.id LIMIT 20
),
holders AS (
  SELECT h.id FROM t JOIN tasks h ON h.tenant_id = t.tenant_id AND h.concurrency_key = t.concurrency_key
  WHERE h.status IN ('queued', 'processing') AND h.id <> t.id ORDER BY h.id LIMIT ${CROWD}
),
waits AS (
  SELECT coalesce(sum(c.amount), 0)::int AS count FROM t CROSS JOIN LATERAL (
    SELECT metric, amount FROM stats s WHERE s.tenant_id = $1 AND s.queue = t.queue AND s.minute = '-infinity'
    UNION ALL SELECT metric, amount FROM stats_deltas s WHERE s.tenant_id = $1 AND s.queue = t.queue
  ) AS c WHERE c.metric IN ('depth.blocked', 'depth.scheduled', 'depth.pending', 'depth.queued')
)
SELECT now() AS now, t.id, t.type, t.queue, t.status, t.reason, t.error, t.attempts::int, t.max_attempts::int,
  t.crashes::int, t.epoch, t.progress::float8, t.progress_message, t.timeout_ms, t.created_at, t.run_at, t.queued_at,
  t.started_at, t.finished_at, t.expires_at, t.deadline_at, t.cancel_requested_at, t.concurrency_key,
  t.concurrency_limit, t.rate_key,
  EXISTS (SELECT FROM task_attempts a WHERE a.task_id = t.id AND a.epoch = t.epoch) AS attempted,
  (SELECT coalesce(jsonb_agg(to_jsonb(d)), '[]') FROM open_parents d) AS dependencies,
  coalesce(q.paused, false) AS paused, q.paused_at, coalesce(tq.paused, false) AS tenant_paused,
  tq.paused_at AS tenant_paused_at,
  coalesce(q."window", 64) AS window_size,
  (SELECT count(*)::int FROM (SELECT FROM tasks w WHERE w.queue = t.queue AND w.status = 'queued' LIMIT ${CROWD}) AS w)
    AS window_used,
  waits.count AS waiting, coalesce(n.max_pending, $6::int) AS max_waiting,
  hands.alive AS workers_alive, hands.taking AS workers_taking, hands.able AS workers_able,
  (SELECT max(w.last_seen_at) FROM workers w WHERE t.queue = ANY(w.queues) AND w.kind <> 'isolated') AS workers_seen_at,
  hands.slots, at_work.busy AS slots_busy, at_work.own AS busy_with,
  n.max_concurrency,
  CASE WHEN n.max_concurrency IS NULL THEN 0 ELSE (
    SELECT count(*)::int FROM tasks l WHERE l.tenant_id = t.tenant_id AND l.status IN ('queued', 'processing')) END
    AS tenant_active,
  (SELECT count(*)::int FROM holders) AS key_active,
  ARRAY(SELECT id::text FROM holders LIMIT 5) AS key_holders,
  to_timestamp((b.full_at - t.rate_period_ms / 1000.0 * (1 - 1.0 / t.rate_limit))::float8) AS rate_free_at,
  CASE t.status
    WHEN 'pending' THEN (SELECT count(*)::int FROM (
      SELECT FROM tasks o WHERE o.queue = t.queue AND o.tenant_id = t.tenant_id AND o.lane = t.lane AND o.status = 'pending'
        AND (o.rank_at, o.id) < (t.rank_at, t.id) LIMIT ${CROWD}) AS o)
    WHEN 'queued' THEN (SELECT count(*)::int FROM (
      SELECT FROM tasks o WHERE o.queue = t.queue AND o.status = 'queued'
        AND (o.queued_at - o.priority * make_interval(secs => $5::float8), o.id)
          < (t.queued_at - t.priority * make_interval(secs => $5::float8), t.id) LIMIT ${CROWD}) AS o)
    ELSE 0 END AS ahead,
  w.name AS worker, w.last_seen_at AS worker_seen_at,
  t.status = 'processing' AND coalesce(w.status IN ('lost', 'stopped'), true) AS worker_lost
FROM t CROSS JOIN hands CROSS JOIN at_work CROSS JOIN waits
LEFT JOIN queues q ON q.name = t.queue
LEFT JOIN tenant_queues tq ON tq.tenant_id = t.tenant_id AND tq.queue = t.queue
LEFT JOIN tenants n ON n.id = t.tenant_id
LEFT JOIN rate_buckets b ON b.tenant_id = t.tenant_id AND b.key = t.rate_key
LEFT JOIN workers w ON w.incarnation = t.worker_incarnation AND t.status = 'processing'`;
