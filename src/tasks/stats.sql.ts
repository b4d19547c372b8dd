/*
 * Counters without counting: every change of a task appends what it changed to `stats_deltas`; folding adds it to the
 * running sum (minute `-infinity`), to its minute and to its hour. Readers add what is not folded yet, in one statement.
 */

const UNFOLDED = `
fresh AS MATERIALIZED (
  SELECT queue, minute, metric, amount FROM stats_deltas WHERE tenant_id = $1 AND queue = ANY($2::text[])
)`;

/** Depths and cumulative counters of a tenant's every queue. Reads only. */
export const TOTALS = `
SELECT queue, metric, sum(amount)::float8 AS amount FROM (
  SELECT queue, metric, amount FROM stats WHERE tenant_id = $1 AND minute = '-infinity'
  UNION ALL
  SELECT queue, metric, amount FROM stats_deltas WHERE tenant_id = $1
) AS all_counts
GROUP BY queue, metric`;

/**
 * Some queues of a tenant in numbers, by span: `ever` (depths and totals), `recent` (the last minutes) and `oldest`
 * (seconds that the task waits which could have run for longest). Reads a queue's counters, the heads of two indexes and
 * at most a window of rows, whatever the table holds. $1: tenant, $2: queues, $3: minutes. Reads only.
 */
export const COUNTS = `
WITH ${UNFOLDED},
asked AS (SELECT unnest($2::text[]) AS queue)
SELECT 'ever' AS span, queue, metric, sum(amount)::float8 AS amount FROM (
  SELECT a.queue, s.metric, s.amount FROM asked a CROSS JOIN LATERAL (
    SELECT metric, amount FROM stats WHERE tenant_id = $1 AND queue = a.queue AND minute = '-infinity') AS s
  UNION ALL SELECT queue, metric, amount FROM fresh
) AS counted GROUP BY 2, 3
UNION ALL
SELECT 'recent', queue, metric, sum(amount)::float8 FROM (
  SELECT a.queue, s.metric, s.amount FROM asked a CROSS JOIN LATERAL (
    SELECT metric, amount FROM stats WHERE tenant_id = $1 AND queue = a.queue
      AND minute > date_trunc('minute', now()) - make_interval(mins => $3::int)) AS s
  UNION ALL
  SELECT queue, metric, amount FROM fresh WHERE minute > date_trunc('minute', now()) - make_interval(mins => $3::int)
) AS counted GROUP BY 2, 3
UNION ALL
SELECT 'oldest', a.queue, 'seconds', extract(epoch FROM now() - least(pending.since, queued.since))::float8
FROM asked a
LEFT JOIN LATERAL (
  SELECT coalesce(t.run_at, t.created_at) AS since FROM tasks t
  WHERE t.tenant_id = $1 AND t.queue = a.queue AND t.status = 'pending'
  ORDER BY coalesce(t.run_at, t.created_at) LIMIT 1
) AS pending ON true
LEFT JOIN LATERAL (
  SELECT min(coalesce(t.run_at, t.created_at)) AS since FROM tasks t
  WHERE t.queue = a.queue AND t.status = 'queued' AND t.tenant_id = $1
) AS queued ON true
WHERE pending.since IS NOT NULL OR queued.since IS NOT NULL`;

/** Locks: deltas nobody else holds, then the sums in the order of their keys. $1: how many deltas. */
export const FOLD = `
WITH taken AS (
  DELETE FROM stats_deltas WHERE id IN (
    SELECT id FROM stats_deltas ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
  RETURNING tenant_id, queue, minute, metric, amount
),
sums AS (
  SELECT tenant_id, queue, minute, metric, sum(amount) AS amount FROM taken GROUP BY 1, 2, 3, 4
  UNION ALL
  SELECT tenant_id, queue, '-infinity', metric, sum(amount) FROM taken GROUP BY 1, 2, 4
),
folded AS (
  INSERT INTO stats AS s (tenant_id, queue, minute, metric, amount)
  SELECT * FROM sums ORDER BY 1, 2, 3, 4
  ON CONFLICT (tenant_id, queue, minute, metric) DO UPDATE SET amount = s.amount + excluded.amount
),
hours AS (
  INSERT INTO stats_hours AS s (tenant_id, queue, hour, metric, amount)
  SELECT tenant_id, queue, date_trunc('hour', minute, 'UTC') AS hour, metric, sum(amount) FROM taken
  GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
  ON CONFLICT (tenant_id, queue, hour, metric) DO UPDATE SET amount = s.amount + excluded.amount
)
SELECT count(*)::int AS count FROM taken`;

/** How long history is kept by the minute and by the hour, whatever becomes of the tasks. */
export const MINUTES_KEPT_HOURS = 48;
export const HOURS_KEPT_DAYS = 90;

/** Locks: old rows nobody else holds. $1: how many of each kind. */
export const FORGET = `
WITH minutes AS (
  DELETE FROM stats WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM stats WHERE minute <> '-infinity' AND minute < now() - interval '${MINUTES_KEPT_HOURS} hours'
    ORDER BY minute LIMIT $1 FOR UPDATE SKIP LOCKED))
  RETURNING 1
),
hours AS (
  DELETE FROM stats_hours WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM stats_hours WHERE hour < now() - interval '${HOURS_KEPT_DAYS} days'
    ORDER BY hour LIMIT $1 FOR UPDATE SKIP LOCKED))
  RETURNING 1
)
SELECT greatest((SELECT count(*) FROM minutes), (SELECT count(*) FROM hours))::int AS count`;

/**
 * What happened step by step: a row a step that saw a change, `step` from 0; one (-1) for the depths' changes since
 * the last step; one (null) for the depths of now. $1: tenant, $2: queues, $3: from, $4: to, $5: step, s. Reads only.
 */
const history = (table: string, time: string): string => `
WITH ${UNFOLDED},
counted AS (
  SELECT s.at, s.metric, s.amount FROM unnest($2::text[]) AS a(queue) CROSS JOIN LATERAL (
    SELECT ${time} AS at, metric, amount FROM ${table} WHERE tenant_id = $1 AND queue = a.queue AND ${time} >= $3::timestamptz
  ) AS s
  UNION ALL SELECT minute, metric, amount FROM fresh WHERE minute >= $3::timestamptz
),
steps AS (
  SELECT CASE WHEN at < $4::timestamptz THEN floor(extract(epoch FROM at - $3::timestamptz) / $5::int)::int ELSE -1 END AS step,
    metric, sum(amount) AS amount
  FROM counted WHERE at < $4::timestamptz OR metric LIKE 'depth.%' GROUP BY 1, 2
),
now_deep AS (
  SELECT metric, sum(amount) AS amount FROM (
    SELECT s.metric, s.amount FROM unnest($2::text[]) AS a(queue) CROSS JOIN LATERAL (
      SELECT metric, amount FROM stats
      WHERE tenant_id = $1 AND queue = a.queue AND minute = '-infinity' AND metric LIKE 'depth.%') AS s
    UNION ALL SELECT metric, amount FROM fresh WHERE metric LIKE 'depth.%'
  ) AS all_depths GROUP BY 1
)
SELECT step, jsonb_object_agg(metric, amount) AS counts FROM steps GROUP BY 1
UNION ALL SELECT NULL, coalesce(jsonb_object_agg(metric, amount), '{}') FROM now_deep`;

export const HISTORY = {
  minute: history('stats', 'minute'),
  hour: history('stats_hours', 'hour'),
} as const;
