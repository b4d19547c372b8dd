import { transportPriority } from './parts.sql.js';

/** A row that waits in the transport for so long is being overtaken there: what is new then queues behind the dispatcher. */
const OVERTAKEN = `interval '5 seconds'`;

/** Locks: none held by others; ON CONFLICT waits for a rival insert of the same name, in name order. $2: aging, s. */
export const SUBMIT = `
WITH input AS (
  SELECT i.*, row_number() OVER (PARTITION BY i.queue ORDER BY i.id) AS place
  FROM jsonb_to_recordset($1::jsonb) AS i(
    id uuid, external_id text, tenant_id text, user_id text, client_id text, type text, queue text, priority smallint,
    payload jsonb, max_attempts smallint, backoff jsonb, timeout_ms int, run_at timestamptz, delay_ms float8,
    unique_key text, batch_id uuid, tags text[], labels jsonb, traceparent text, callback_url text,
    expires_at timestamptz, deadline_at timestamptz, blocked boolean, on_dependency_failure text,
    concurrency_key text, concurrency_limit int, rate_key text, rate_limit int, rate_period_ms int)
),
gates AS (
  SELECT q.name, q.rank_origin, q.paused, q.dispatched, q."window" - held.rows AS room,
    coalesce(held.oldest < now() - ${OVERTAKEN}, false) AS overtakes,
    EXISTS (SELECT FROM tasks w WHERE w.queue = q.name AND w.status = 'pending') AS backlog
  FROM queues q
  CROSS JOIN LATERAL (
    SELECT count(*) AS rows, min(w.queued_at) AS oldest
    FROM (SELECT queued_at FROM tasks WHERE queue = q.name AND status = 'queued' LIMIT q."window") AS w
  ) AS held
  WHERE q.name IN (SELECT queue FROM input)
),
ready AS (
  SELECT i.*, i.eligible_at - i.priority * make_interval(secs => $2::float8) AS rank_at,
    CASE
      WHEN i.blocked THEN 'blocked'
      WHEN i.eligible_at > now() THEN 'scheduled'
      WHEN g.name IS NULL OR g.paused OR g.backlog OR g.overtakes OR i.place > g.room OR coalesce(tq.paused, false)
        OR i.concurrency_key IS NOT NULL OR i.rate_key IS NOT NULL OR n.max_concurrency IS NOT NULL THEN 'pending'
      ELSE 'queued'
    END AS status,
    CASE WHEN i.concurrency_key IS NULL AND i.rate_key IS NULL THEN ''
      ELSE coalesce(length(i.concurrency_key), 0) || ':' || coalesce(i.concurrency_key, '') || coalesce(i.rate_key, '')
    END AS lane,
    g.dispatched
  FROM (
    SELECT *, greatest(now(), coalesce(run_at,
      CASE WHEN blocked THEN NULL ELSE now() + delay_ms * interval '1 millisecond' END)) AS eligible_at FROM input
  ) AS i
  LEFT JOIN gates g ON g.name = i.queue
  LEFT JOIN tenants n ON n.id = i.tenant_id
  LEFT JOIN tenant_queues tq ON tq.tenant_id = i.tenant_id AND tq.queue = i.queue
),
changed AS (
  INSERT INTO tasks AS t (
    id, external_id, tenant_id, user_id, client_id, type, queue, status, reason, priority, rank_at, payload,
    max_attempts, backoff, timeout_ms, run_at, epoch, unique_key, batch_id, tags, labels, traceparent, callback_url,
    expires_at, deadline_at, on_dependency_failure, delay_ms,
    concurrency_key, concurrency_limit, rate_key, rate_limit, rate_period_ms, lane, queued_at, dispatched_no)
  SELECT id, external_id, tenant_id, user_id, client_id, type, queue, status,
    CASE WHEN status = 'scheduled' THEN 'run_at' END, priority, rank_at, payload, max_attempts, backoff, timeout_ms,
    CASE WHEN eligible_at > now() THEN eligible_at END, (status = 'queued')::int, unique_key, batch_id,
    coalesce(tags, '{}'), labels, traceparent, callback_url, expires_at, deadline_at, on_dependency_failure,
    CASE WHEN blocked THEN delay_ms END,
    concurrency_key, concurrency_limit, rate_key, rate_limit, rate_period_ms, lane,
    CASE WHEN status = 'queued' THEN now() END, CASE WHEN status = 'queued' THEN dispatched END
  FROM ready
  ORDER BY tenant_id, external_id, unique_key, id
  ON CONFLICT DO NOTHING
  RETURNING id, tenant_id, queue, type, status, priority, epoch, created_at
),
deltas AS (
  INSERT INTO stats_deltas (tenant_id, queue, minute, metric, amount)
  SELECT c.tenant_id, c.queue, date_trunc('minute', now()), d.metric, sum(d.amount)
  FROM changed c CROSS JOIN LATERAL (VALUES ('depth.' || c.status, 1), ('total.submitted', 1)) AS d(metric, amount)
  GROUP BY 1, 2, 4
)
SELECT t.id, t.queue, t.type, t.status, t.epoch, t.created_at, ${transportPriority('$2')},
  t.status = 'pending' AND q.room > 0 AND NOT q.paused AS may_dispatch
FROM changed t LEFT JOIN gates q ON q.name = t.queue`;

/** Why SUBMIT left rows out: the id is there already, or its name, or its unique key is live. Reads only. $2: aging, s. */
export const CLASSIFY = `
SELECT i.id AS asked, t.id, t.status, t.queue, t.type, t.epoch, t.created_at, ${transportPriority('$2')},
  CASE WHEN t.id = i.id THEN 'mine' WHEN t.external_id = i.external_id THEN 'external_id' ELSE 'unique_key' END AS why
FROM jsonb_to_recordset($1::jsonb) AS i(id uuid, tenant_id text, external_id text, unique_key text)
JOIN LATERAL (
  SELECT * FROM tasks t
  WHERE t.id = i.id
    OR (t.tenant_id = i.tenant_id AND t.external_id = i.external_id)
    OR (t.tenant_id = i.tenant_id AND t.unique_key = i.unique_key
        AND t.status NOT IN ('completed', 'failed', 'cancelled'))
  ORDER BY t.id = i.id DESC, t.external_id = i.external_id DESC NULLS LAST LIMIT 1
) AS t ON true
LEFT JOIN queues q ON q.name = t.queue`;
