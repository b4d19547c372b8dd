import { CHANGED, DELTAS, guard, to, transportPriority } from './parts.sql.js';

/** Locks: due rows nobody else holds. $1: how many. */
export const WAKE = `
WITH before AS (
  SELECT id, status FROM tasks WHERE status = 'scheduled' AND run_at <= now()
  ORDER BY run_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED
),
changed AS (
  UPDATE tasks t SET status = ${to('wake')}, reason = NULL FROM before b WHERE t.id = b.id AND ${guard('wake')}
  RETURNING ${CHANGED}
),
${DELTAS}
SELECT id, queue FROM changed`;

/** Tokens in a key's bucket: its limit when it rests, back at limit / period. `lane`: a row with a rate, `b`: its bucket. */
const tokens = (lane: string) => `
  ${lane}.rate_limit * (1 - greatest(coalesce(b.full_at, 0) - extract(epoch FROM now()), 0) * 1000 / ${lane}.rate_period_ms)`;

const HEAD = `t.tenant_id, t.lane, t.rank_at, t.id, t.concurrency_key, t.concurrency_limit, t.rate_key, t.rate_limit,
  t.rate_period_ms`;

/**
 * Which pending rows may go next. Between tenants by (rows that wait in the transport already + their turn) / weight, so that
 * fairness needs no memory; within a tenant by rank over its lanes. A lane is the rows of one key: its first row is found
 * by jumping from lane to lane in the index, and while its key is full the rest of it is not read, however long it is.
 * There is no room beyond the window, nor while a row in the transport was overtaken by a whole window.
 * `limits`: what must be locked before the row may be admitted. Reads only.
 */
export const PICK = `
WITH RECURSIVE held AS MATERIALIZED (
  SELECT tenant_id, count(*) AS rows, min(coalesce(dispatched_no, 0)) AS oldest
  FROM tasks WHERE queue = $1 AND status = 'queued' GROUP BY tenant_id
),
room AS MATERIALIZED (
  SELECT least(
    q."window" - coalesce(sum(h.rows), 0),
    q."window" - q.dispatched + coalesce(min(h.oldest), q.dispatched))::int AS size
  FROM queues q LEFT JOIN held h ON true WHERE q.name = $1 AND NOT q.paused GROUP BY q.name
),
heads AS (
  (SELECT ${HEAD} FROM tasks t WHERE t.queue = $1 AND t.status = 'pending' AND (SELECT size FROM room) > 0
   ORDER BY t.tenant_id, t.lane, t.rank_at, t.id LIMIT 1)
  UNION ALL
  SELECT next.* FROM heads h CROSS JOIN LATERAL (
    SELECT ${HEAD} FROM tasks t
    WHERE t.queue = $1 AND t.status = 'pending' AND (t.tenant_id, t.lane) > (h.tenant_id, h.lane)
    ORDER BY t.tenant_id, t.lane, t.rank_at, t.id LIMIT 1) AS next
),
running AS MATERIALIZED (
  SELECT tenant_id, concurrency_key, count(*) AS rows FROM tasks
  WHERE concurrency_key IS NOT NULL AND status IN ('queued', 'processing') GROUP BY tenant_id, concurrency_key
),
takers AS MATERIALIZED (
  SELECT w.tenant_id, w.weight, w.limited, coalesce(h.rows, 0) AS held,
    -- Twice a fair share is all that a tenant can get in one pass while others want theirs.
    least(room.size, ceil(2.0 * room.size * w.weight / sum(w.weight) OVER ()), w.may)::int AS most
  FROM room CROSS JOIN (
    SELECT DISTINCT ON (l.tenant_id) l.tenant_id, coalesce(n.weight, 1) AS weight, n.max_concurrency IS NOT NULL AS limited,
      CASE WHEN n.max_concurrency IS NOT NULL THEN n.max_concurrency - (
        SELECT count(*) FROM tasks r WHERE r.tenant_id = n.id AND r.status IN ('queued', 'processing')) END AS may
    FROM heads l LEFT JOIN tenants n ON n.id = l.tenant_id
    WHERE NOT EXISTS (
      SELECT FROM tenant_queues tq WHERE tq.tenant_id = l.tenant_id AND tq.queue = $1 AND tq.paused)
    ORDER BY l.tenant_id
  ) AS w LEFT JOIN held h ON h.tenant_id = w.tenant_id
),
lanes AS (
  SELECT l.tenant_id, l.lane, w.weight, w.limited, w.held, w.most, open.may,
    row_number() OVER (PARTITION BY l.tenant_id ORDER BY l.rank_at, l.id) AS place
  FROM heads l JOIN takers w ON w.tenant_id = l.tenant_id
  LEFT JOIN running r ON r.tenant_id = l.tenant_id AND r.concurrency_key = l.concurrency_key
  LEFT JOIN rate_buckets b ON b.tenant_id = l.tenant_id AND b.key = l.rate_key
  CROSS JOIN LATERAL (
    SELECT least(w.most, l.concurrency_limit - coalesce(r.rows, 0), floor(${tokens('l')} + 1e-9)) AS may) AS open
  WHERE open.may > 0
)
SELECT c.id, c.at::text AS at, c.limits
FROM (
  SELECT p.id, p.ctid AS at, p.rank_at, l.held, l.most, l.weight,
    row_number() OVER (PARTITION BY l.tenant_id ORDER BY p.rank_at, p.id) AS turn,
    array_remove(ARRAY[
      CASE WHEN l.limited THEN 'tenant:' || l.tenant_id END, 'key:' || l.tenant_id || ':' || p.concurrency_key,
      'rate:' || l.tenant_id || ':' || p.rate_key], NULL) AS limits
  FROM lanes l
  -- Of the lane at this place only so many can be among the tenant's first.
  CROSS JOIN LATERAL (
    SELECT id, ctid, rank_at, concurrency_key, rate_key FROM tasks
    WHERE queue = $1 AND tenant_id = l.tenant_id AND lane = l.lane AND status = 'pending'
    ORDER BY rank_at, id LIMIT least(l.may, l.most - l.place + 1)) AS p
  WHERE l.place <= l.most
) AS c
WHERE c.turn <= c.most
ORDER BY (c.held + c.turn)::float8 / c.weight, c.rank_at, c.id
LIMIT (SELECT size FROM room)`;

/** Locks: what limits the picked rows, until the transaction ends; in one order for everybody, whatever their queue. */
export const LOCK_LIMITS = `
SELECT pg_advisory_xact_lock(l.hash)::text
FROM (SELECT DISTINCT hashtextextended(name, 0) AS hash FROM unnest($1::text[]) AS name ORDER BY hash) AS l`;

const PLACES = `jsonb_to_recordset($1::jsonb) AS i(id uuid, at tid, place int)`;
/** Straight to the pages that the rows were picked from; as an array, so that no plan prefers an index to it. */
const AT_PLACES = `t.ctid = ANY(ARRAY(SELECT at FROM input))`;

/** Locks: picked rows that nobody moved or holds since. */
export const LOCK_PICKED = `
WITH input AS MATERIALIZED (SELECT * FROM ${PLACES})
SELECT t.id, t.ctid::text AS at, i.place FROM input i JOIN tasks t ON t.id = i.id
WHERE ${AT_PLACES} AND t.status = 'pending' ORDER BY t.id FOR NO KEY UPDATE OF t SKIP LOCKED`;

/**
 * Locks: LOCK_LIMITS and LOCK_PICKED went before, so that this counts what everybody else had admitted; here the queue's
 * row. Whatever has no room under its own limit stays pending. The epoch rises: the transport gets a new key.
 * $2: queue, $3: aging, s.
 */
export const DISPATCH = `
WITH input AS MATERIALIZED (SELECT * FROM ${PLACES}),
asked AS MATERIALIZED (
  SELECT t.ctid AS at, t.id, t.status, t.tenant_id, t.concurrency_key, t.concurrency_limit, t.rate_key, t.rate_limit,
    t.rate_period_ms, i.place
  FROM input i JOIN tasks t ON t.id = i.id WHERE ${AT_PLACES} AND ${guard('dispatch')}
),
tenant_room AS MATERIALIZED (
  SELECT n.id AS tenant_id, n.max_concurrency - (
    SELECT count(*) FROM tasks r WHERE r.tenant_id = n.id AND r.status IN ('queued', 'processing')) AS may
  FROM tenants n WHERE n.max_concurrency IS NOT NULL AND n.id IN (SELECT tenant_id FROM asked)
),
running AS MATERIALIZED (
  SELECT k.tenant_id, k.concurrency_key, (
    SELECT count(*) FROM tasks r WHERE r.tenant_id = k.tenant_id AND r.concurrency_key = k.concurrency_key
      AND r.status IN ('queued', 'processing')) AS rows
  FROM (SELECT DISTINCT tenant_id, concurrency_key FROM asked WHERE concurrency_key IS NOT NULL) AS k
),
judged AS (
  SELECT a.*,
    row_number() OVER (PARTITION BY a.tenant_id ORDER BY a.place) > n.may AS tenant_full,
    row_number() OVER (PARTITION BY a.tenant_id, a.concurrency_key ORDER BY a.place) + r.rows > a.concurrency_limit
      AS key_full,
    row_number() OVER (PARTITION BY a.tenant_id, a.rate_key ORDER BY a.place) > ${tokens('a')} + 1e-9 AS too_soon
  FROM asked a
  LEFT JOIN tenant_room n ON n.tenant_id = a.tenant_id
  LEFT JOIN running r ON r.tenant_id = a.tenant_id AND r.concurrency_key = a.concurrency_key
  LEFT JOIN rate_buckets b ON b.tenant_id = a.tenant_id AND b.key = a.rate_key
),
before AS MATERIALIZED (
  SELECT at, id, status, tenant_id, rate_key, rate_limit, rate_period_ms, row_number() OVER (ORDER BY place) AS turn
  FROM judged WHERE (tenant_full OR key_full OR too_soon) IS NOT TRUE
),
spent AS (
  INSERT INTO rate_buckets AS b (tenant_id, key, full_at)
  SELECT tenant_id, rate_key, extract(epoch FROM now()) + sum(rate_period_ms / 1000.0 / rate_limit)
  FROM before WHERE rate_key IS NOT NULL GROUP BY tenant_id, rate_key ORDER BY tenant_id, rate_key
  ON CONFLICT (tenant_id, key) DO UPDATE
  SET full_at = excluded.full_at + greatest(b.full_at - extract(epoch FROM now()), 0)
),
counter AS (
  UPDATE queues SET dispatched = dispatched + (SELECT count(*) FROM before)
  WHERE name = $2 AND EXISTS (SELECT FROM before)
  RETURNING dispatched - (SELECT count(*) FROM before) AS base, rank_origin
),
changed AS (
  UPDATE tasks t SET status = ${to('dispatch')}, reason = NULL, epoch = t.epoch + 1, queued_at = now(),
    dispatched_no = q.base + b.turn
  FROM before b, counter q WHERE t.ctid = b.at AND t.id = b.id AND ${guard('dispatch')}
  RETURNING ${CHANGED}, t.dispatched_no
),
${DELTAS}
SELECT t.id, t.queue, t.type, t.status, t.epoch, t.created_at, ${transportPriority('$3')}
FROM changed t, counter q ORDER BY t.dispatched_no`;

/**
 * Rows the transport should hold by now; one queued well ahead of now is of before the clock was set back. Reads only.
 * $2: queued until then; $3: how many; $4, $5: after this row.
 */
export const FIND_QUEUED = `
SELECT id, epoch, queued_at, crashes >= 2 AS suspect FROM tasks
WHERE queue = $1 AND status = 'queued' AND (queued_at <= $2::timestamptz OR queued_at > now() + interval '5 seconds')
  AND ($4::timestamptz IS NULL OR (queued_at, id) > ($4::timestamptz, $5::uuid))
ORDER BY queued_at, id LIMIT $3`;

/** Locks: none, LOCK_TASKS went before. Same status and place, new epoch, one line of history. $2: why, $3: aging, s. */
export const REDISPATCH = `
WITH changed AS (
  UPDATE tasks t SET epoch = t.epoch + 1, queued_at = now()
  FROM jsonb_to_recordset($1::jsonb) AS i(id uuid, epoch int)
  WHERE t.id = i.id AND t.epoch = i.epoch AND ${guard('redispatch')}
  RETURNING ${CHANGED}, t.dispatched_no
),
events AS (
  INSERT INTO task_events (task_id, tenant_id, kind, detail)
  SELECT id, tenant_id, 'redispatched', jsonb_build_object('why', $2::text) FROM changed
)
SELECT t.id, t.queue, t.type, t.status, t.epoch, t.created_at, ${transportPriority('$3')}
FROM changed t JOIN queues q ON q.name = t.queue ORDER BY t.dispatched_no, t.id`;

/**
 * Locks: one row. $2: epoch, $3: delay, s, $4: the status' reason, $5: why. Said in the history once in ten minutes: a
 * rollout may take long.
 */
export const POSTPONE = `
WITH before AS (SELECT id, status FROM tasks WHERE id = $1::uuid AND epoch = $2 AND status = 'queued' FOR NO KEY UPDATE),
changed AS (
  UPDATE tasks t SET status = ${to('postpone')}, reason = $4, run_at = now() + make_interval(secs => $3::float8)
  FROM before b WHERE t.id = b.id AND t.epoch = $2 AND ${guard('postpone')}
  RETURNING ${CHANGED}
),
events AS (
  INSERT INTO task_events (task_id, tenant_id, kind, detail)
  SELECT c.id, c.tenant_id, 'postponed', jsonb_build_object('epoch', c.epoch, 'why', $5::text) FROM changed c
  WHERE NOT EXISTS (
    SELECT FROM task_events e WHERE e.task_id = c.id AND e.kind = 'postponed' AND e.at > now() - interval '10 minutes')
),
${DELTAS}
SELECT id, queue FROM changed`;
