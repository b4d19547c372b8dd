import { DURATION_BOUNDS_MS } from './duration-bounds.js';
import { sourcesOf, targetOf, type TaskEvent } from './lifecycle.js';

/*
 * Every statement that changes a task. All take their rows as one JSON parameter, lock nothing that a lock statement
 * before them has not locked in id order, and write in the same statement what the change owes: attempts, logs and
 * counters, derived only from the rows that `changed` returned.
 */

/**
 * Compare-and-set on the status of a row that was found by its id. The `|| ''` hides the comparison from the planner: on
 * a table that grew since its last ANALYZE it would rather walk a partial index of every waiting row, once per row.
 */
const guard = (event: TaskEvent): string =>
  `t.status || '' IN (${sourcesOf(event)
    .map((status) => `'${status}'`)
    .join(', ')})`;
const to = (event: TaskEvent): string => `'${targetOf(event)}'`;

const bucketOf = (from: string, until: string): string =>
  `width_bucket(extract(epoch FROM ${until} - ${from}) * 1000, ARRAY[${DURATION_BOUNDS_MS.join(',')}]::numeric[])`;

/** 1 + whole minutes of rank since the queue's origin: smaller goes first; BullMQ's range is 1 to 2,097,151. */
const TRANSPORT_PRIORITY = `
  (1 + least(2097150, greatest(0, floor(extract(epoch FROM t.rank_at - q.rank_origin) / 60))))::int AS transport_priority`;

const CHANGED = `
  t.id, t.tenant_id, t.queue, t.type, t.status, t.attempts, t.epoch, t.created_at, t.run_at, t.queued_at, t.started_at`;

/** Counters owed by `changed` (after) and `before`: depths move, totals and histograms grow. */
const DELTAS = `
deltas AS (
  INSERT INTO stats_deltas (tenant_id, queue, minute, metric, amount)
  SELECT c.tenant_id, c.queue, date_trunc('minute', now()), d.metric, sum(d.amount)
  FROM changed c
  JOIN before b ON b.id = c.id
  CROSS JOIN LATERAL (VALUES
    ('depth.' || b.status, -1),
    ('depth.' || c.status, 1),
    (CASE WHEN c.status IN ('completed', 'failed', 'cancelled') THEN 'total.' || c.status END, 1),
    (CASE WHEN c.status = 'processing'
      THEN 'wait.' || ${bucketOf('coalesce(c.run_at, c.created_at)', 'now()')} END, 1),
    (CASE WHEN b.status = 'processing' THEN 'run.' || ${bucketOf('c.started_at', 'now()')} END, 1)
  ) AS d(metric, amount)
  WHERE d.metric IS NOT NULL
  GROUP BY 1, 2, 4
  HAVING sum(d.amount) <> 0
)`;

/** The attempt that each row of `changed` just left; `before` says with what outcome. */
const ATTEMPTS = `
attempts AS (
  INSERT INTO task_attempts
    (task_id, epoch, tenant_id, attempt, lease_token, worker_incarnation, outcome, error, queued_at, started_at)
  SELECT c.id, c.epoch, c.tenant_id, b.attempts + 1, b.lease_token, b.worker_incarnation, b.outcome, b.error,
         c.queued_at, c.started_at
  FROM changed c JOIN before b ON b.id = c.id
)`;

/** Locks: the named rows, in id order, so that two batches over the same rows never wait for each other in a circle. */
export const LOCK_TASKS = `
SELECT id FROM tasks WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE`;

/** Locks: none held by others; ON CONFLICT waits for a rival insert of the same name, in name order. $2: aging, s. */
export const SUBMIT = `
WITH input AS (
  SELECT i.*, row_number() OVER (PARTITION BY i.queue ORDER BY i.id) AS place
  FROM jsonb_to_recordset($1::jsonb) AS i(
    id uuid, external_id text, tenant_id text, user_id text, client_id text, type text, queue text, priority smallint,
    payload jsonb, max_attempts smallint, backoff jsonb, timeout_ms int, run_at timestamptz, delay_ms float8,
    unique_key text, batch_id uuid, tags text[], labels jsonb, traceparent text)
),
gates AS (
  SELECT q.name, q.rank_origin, q.paused,
    q."window" - (SELECT count(*) FROM (
      SELECT FROM tasks w WHERE w.queue = q.name AND w.status = 'queued' LIMIT q."window") AS held) AS room,
    EXISTS (SELECT FROM tasks w WHERE w.queue = q.name AND w.status = 'pending') AS backlog
  FROM queues q WHERE q.name IN (SELECT queue FROM input)
),
ready AS (
  SELECT i.*, i.eligible_at - i.priority * make_interval(secs => $2::float8) AS rank_at,
    CASE
      WHEN i.eligible_at > now() THEN 'scheduled'
      WHEN g.name IS NULL OR g.paused OR g.backlog OR i.place > g.room OR coalesce(tq.paused, false) THEN 'pending'
      ELSE 'queued'
    END AS status
  FROM (
    SELECT *, greatest(now(), coalesce(run_at, now() + delay_ms * interval '1 millisecond')) AS eligible_at FROM input
  ) AS i
  LEFT JOIN gates g ON g.name = i.queue
  LEFT JOIN tenant_queues tq ON tq.tenant_id = i.tenant_id AND tq.queue = i.queue
),
changed AS (
  INSERT INTO tasks AS t (
    id, external_id, tenant_id, user_id, client_id, type, queue, status, reason, priority, rank_at, payload,
    max_attempts, backoff, timeout_ms, run_at, epoch, unique_key, batch_id, tags, labels, traceparent, queued_at)
  SELECT id, external_id, tenant_id, user_id, client_id, type, queue, status,
    CASE WHEN status = 'scheduled' THEN 'run_at' END, priority, rank_at, payload, max_attempts, backoff, timeout_ms,
    CASE WHEN eligible_at > now() THEN eligible_at END, (status = 'queued')::int, unique_key, batch_id,
    coalesce(tags, '{}'), labels, traceparent, CASE WHEN status = 'queued' THEN now() END
  FROM ready
  ORDER BY tenant_id, external_id, unique_key, id
  ON CONFLICT DO NOTHING
  RETURNING id, tenant_id, queue, type, status, epoch, rank_at, created_at
),
deltas AS (
  INSERT INTO stats_deltas (tenant_id, queue, minute, metric, amount)
  SELECT c.tenant_id, c.queue, date_trunc('minute', now()), d.metric, sum(d.amount)
  FROM changed c CROSS JOIN LATERAL (VALUES ('depth.' || c.status, 1), ('total.submitted', 1)) AS d(metric, amount)
  GROUP BY 1, 2, 4
)
SELECT t.id, t.queue, t.type, t.status, t.epoch, t.created_at, ${TRANSPORT_PRIORITY}
FROM changed t LEFT JOIN queues q ON q.name = t.queue`;

/** Why SUBMIT left rows out: the id is there already, or its name, or its unique key is live. Reads only. */
export const CLASSIFY = `
SELECT i.id AS asked, t.id, t.status, t.queue, t.type, t.created_at,
  CASE WHEN t.id = i.id THEN 'mine' WHEN t.external_id = i.external_id THEN 'external_id' ELSE 'unique_key' END AS why
FROM jsonb_to_recordset($1::jsonb) AS i(id uuid, tenant_id text, external_id text, unique_key text)
JOIN LATERAL (
  SELECT * FROM tasks t
  WHERE t.id = i.id
    OR (t.tenant_id = i.tenant_id AND t.external_id = i.external_id)
    OR (t.tenant_id = i.tenant_id AND t.unique_key = i.unique_key
        AND t.status NOT IN ('completed', 'failed', 'cancelled'))
  ORDER BY t.id = i.id DESC, t.external_id = i.external_id DESC NULLS LAST LIMIT 1
) AS t ON true`;

/**
 * Locks: none, LOCK_TASKS went before. $2: incarnation, $3: whether this process may run suspects.
 * A repeated claim finds its own token and gets the same rows again; of two claims of one row in one batch (the
 * transport delivered twice) only one gets it.
 */
export const CLAIM = `
WITH before AS (
  SELECT DISTINCT ON (t.id) t.id, t.status, i.epoch, i.token, t.crashes >= 2 AS suspect,
    coalesce(q.paused, false) OR coalesce(tq.paused, false) AS paused
  FROM jsonb_to_recordset($1::jsonb) AS i(id uuid, epoch int, token uuid)
  JOIN tasks t ON t.id = i.id AND t.epoch = i.epoch
  LEFT JOIN queues q ON q.name = t.queue
  LEFT JOIN tenant_queues tq ON tq.tenant_id = t.tenant_id AND tq.queue = t.queue
  WHERE t.status = 'queued' OR (t.status = 'processing' AND t.lease_token = i.token)
  ORDER BY t.id
),
changed AS (
  UPDATE tasks t SET
    status = CASE WHEN b.paused THEN ${to('withdraw')} ELSE ${to('claim')} END,
    lease_token = CASE WHEN b.paused THEN NULL ELSE b.token END,
    worker_incarnation = CASE WHEN b.paused THEN t.worker_incarnation ELSE $2::uuid END,
    started_at = CASE WHEN b.paused THEN t.started_at ELSE now() END,
    progress = NULL, progress_message = NULL
  FROM before b
  WHERE t.id = b.id AND t.epoch = b.epoch AND ${guard('claim')} AND (b.paused OR $3::boolean OR NOT b.suspect)
  RETURNING ${CHANGED}, t.payload, t.max_attempts, t.returns, t.backoff, t.timeout_ms, t.traceparent, b.token
),
${DELTAS}
SELECT c.id, c.tenant_id, c.queue, c.type, c.attempts, c.epoch, c.payload, c.max_attempts, c.returns, c.backoff,
  c.timeout_ms, c.traceparent, c.token, CASE WHEN c.status = 'processing' THEN 'claimed' ELSE 'withdrawn' END AS verdict,
  extract(epoch FROM now() - coalesce(c.run_at, c.created_at))::float8 * 1000 AS wait_ms
FROM changed c
UNION ALL
SELECT t.id, t.tenant_id, t.queue, t.type, t.attempts, t.epoch, t.payload, t.max_attempts, t.returns, t.backoff,
  t.timeout_ms, t.traceparent, b.token, CASE WHEN b.status = 'queued' THEN 'suspect' ELSE 'claimed' END,
  extract(epoch FROM now() - coalesce(t.run_at, t.created_at))::float8 * 1000
FROM before b JOIN tasks t ON t.id = b.id
WHERE NOT EXISTS (SELECT FROM changed c WHERE c.id = b.id)`;

/** Locks: none, LOCK_TASKS went before. $2: aging, s. A row whose cancel was asked ends cancelled unless it completed. */
export const SETTLE = `
WITH before AS (
  SELECT t.id, t.status, t.attempts, t.lease_token, t.worker_incarnation, i.event, i.spends, i.returns, i.result,
    i.error, i.fingerprint, i.logs, i.delay_ms,
    CASE WHEN c.cancels THEN ${to('abort')} ELSE i.target END AS target,
    CASE WHEN c.cancels THEN 'cancelled' ELSE i.outcome END AS outcome,
    CASE WHEN c.cancels THEN NULL ELSE i.reason END AS reason
  FROM jsonb_to_recordset($1::jsonb) AS i(
    id uuid, epoch int, token uuid, event text, target text, outcome text, reason text, spends smallint,
    returns smallint, delay_ms float8, result jsonb, error jsonb, fingerprint text, logs jsonb)
  JOIN tasks t ON t.id = i.id AND t.epoch = i.epoch AND t.lease_token = i.token
  CROSS JOIN LATERAL (SELECT i.event <> 'complete' AND t.cancel_requested_at IS NOT NULL AS cancels) AS c
  WHERE ${guard('complete')}
),
changed AS (
  UPDATE tasks t SET
    status = b.target, reason = b.reason, attempts = t.attempts + b.spends, returns = t.returns + b.returns,
    lease_token = NULL, result = b.result, fingerprint = b.fingerprint,
    error = CASE WHEN b.event = 'complete' THEN NULL ELSE coalesce(b.error, t.error) END,
    run_at = CASE b.target WHEN 'scheduled' THEN now() + b.delay_ms * interval '1 millisecond'
      WHEN 'pending' THEN now() ELSE t.run_at END,
    rank_at = CASE WHEN b.target = 'scheduled'
      THEN now() + b.delay_ms * interval '1 millisecond' - t.priority * make_interval(secs => $2::float8)
      ELSE t.rank_at END,
    progress = CASE WHEN b.event = 'complete' THEN 1 ELSE t.progress END,
    finished_at = CASE WHEN b.target IN ('completed', 'failed', 'cancelled') THEN now() END
  FROM before b WHERE t.id = b.id AND ${guard('complete')}
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
SELECT c.id, c.status, b.outcome FROM changed c JOIN before b ON b.id = c.id`;

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

/** Locks: the task's row, shared, until the handler's effects commit. */
export const HOLD_LEASE = `
SELECT id FROM tasks
WHERE id = $1::uuid AND epoch = $2 AND lease_token = $3::uuid AND status = 'processing' FOR SHARE`;

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

/** One dispatcher a queue at a time, for the length of its transaction. */
export const TRY_LOCK = `SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS held`;

/**
 * Which pending rows go next: tenants take turns, each in the order of its ranks, as far as the window has room.
 * Reads at most room rows of each tenant, whatever the backlog. Reads only.
 */
export const PICK_PENDING = `
WITH RECURSIVE queue AS (
  SELECT q.name, q."window" - (SELECT count(*) FROM (
    SELECT FROM tasks w WHERE w.queue = q.name AND w.status = 'queued' LIMIT q."window") AS held) AS room
  FROM queues q WHERE q.name = $1 AND NOT q.paused
),
waiting AS (
  (SELECT t.tenant_id FROM tasks t WHERE t.queue = $1 AND t.status = 'pending' ORDER BY t.tenant_id LIMIT 1)
  UNION ALL
  SELECT (SELECT t.tenant_id FROM tasks t
          WHERE t.queue = $1 AND t.status = 'pending' AND t.tenant_id > w.tenant_id ORDER BY t.tenant_id LIMIT 1)
  FROM waiting w WHERE w.tenant_id IS NOT NULL
)
SELECT next.id
FROM queue
CROSS JOIN waiting w
CROSS JOIN LATERAL (
  SELECT t.id, t.rank_at, row_number() OVER (ORDER BY t.rank_at, t.id) AS turn
  FROM (SELECT id, rank_at FROM tasks p WHERE p.queue = $1 AND p.tenant_id = w.tenant_id AND p.status = 'pending'
        ORDER BY p.rank_at, p.id LIMIT greatest(queue.room, 0)) AS t
) AS next
WHERE w.tenant_id IS NOT NULL
  AND NOT EXISTS (SELECT FROM tenant_queues tq WHERE tq.tenant_id = w.tenant_id AND tq.queue = $1 AND tq.paused)
ORDER BY next.turn, next.rank_at
LIMIT greatest((SELECT room FROM queue), 0)`;

/** Locks: none, LOCK_TASKS went before. The epoch rises: the transport gets a new key. */
export const DISPATCH = `
WITH before AS (SELECT id, status FROM tasks t WHERE id = ANY($1::uuid[]) AND ${guard('dispatch')}),
changed AS (
  UPDATE tasks t SET status = ${to('dispatch')}, reason = NULL, epoch = t.epoch + 1, queued_at = now()
  FROM before b WHERE t.id = b.id AND ${guard('dispatch')}
  RETURNING ${CHANGED}, t.rank_at
),
${DELTAS}
SELECT t.id, t.queue, t.type, t.status, t.epoch, t.created_at, ${TRANSPORT_PRIORITY}
FROM changed t JOIN queues q ON q.name = t.queue`;

/** Rows the transport should hold by now. $2: queued until then; $3: how many; $4, $5: after this row. Reads only. */
export const FIND_QUEUED = `
SELECT id, epoch, queued_at, crashes >= 2 AS suspect FROM tasks
WHERE queue = $1 AND status = 'queued' AND queued_at <= $2::timestamptz
  AND ($4::timestamptz IS NULL OR (queued_at, id) > ($4::timestamptz, $5::uuid))
ORDER BY queued_at, id LIMIT $3`;

/** Locks: none, LOCK_TASKS went before. Same status, new epoch, one line of history. $2: why. */
export const REDISPATCH = `
WITH changed AS (
  UPDATE tasks t SET epoch = t.epoch + 1, queued_at = now()
  FROM jsonb_to_recordset($1::jsonb) AS i(id uuid, epoch int)
  WHERE t.id = i.id AND t.epoch = i.epoch AND ${guard('redispatch')}
  RETURNING ${CHANGED}, t.rank_at
),
events AS (
  INSERT INTO task_events (task_id, tenant_id, kind, detail)
  SELECT id, tenant_id, 'redispatched', jsonb_build_object('why', $2::text) FROM changed
)
SELECT t.id, t.queue, t.type, t.status, t.epoch, t.created_at, ${TRANSPORT_PRIORITY}
FROM changed t JOIN queues q ON q.name = t.queue`;

/** Locks: one row. $2: epoch, $3: delay, s, $4: why. */
export const POSTPONE = `
WITH before AS (SELECT id, status FROM tasks WHERE id = $1::uuid AND epoch = $2 AND status = 'queued' FOR NO KEY UPDATE),
changed AS (
  UPDATE tasks t SET status = ${to('postpone')}, reason = $4, run_at = now() + make_interval(secs => $3::float8)
  FROM before b WHERE t.id = b.id AND t.epoch = $2 AND ${guard('postpone')}
  RETURNING ${CHANGED}
),
${DELTAS}
SELECT id, queue FROM changed`;

/**
 * Takes the tasks of dead processes away. Locks: rows nobody else holds. $1: lease, s; $2: how many.
 * Only the loss of a process that ran one suspect alone can raise the third crash.
 */
export const LOSE = `
WITH dead AS (
  SELECT incarnation, kind FROM workers
  WHERE status = 'lost' OR last_seen_at < now() - make_interval(secs => $1::float8)
),
before AS (
  SELECT t.id, t.status, t.attempts, t.lease_token, t.worker_incarnation, 'lost' AS outcome, NULL::jsonb AS error,
    t.crashes >= 2 AND d.kind = 'isolated' AND t.cancel_requested_at IS NULL AS guilty,
    t.cancel_requested_at IS NOT NULL AS cancels
  FROM tasks t JOIN dead d ON d.incarnation = t.worker_incarnation
  WHERE t.status = 'processing' ORDER BY t.id LIMIT $2 FOR NO KEY UPDATE OF t SKIP LOCKED
),
changed AS (
  UPDATE tasks t SET
    status = CASE WHEN b.guilty THEN ${to('quarantine')} WHEN b.cancels THEN ${to('abort')} ELSE ${to('lose')} END,
    reason = CASE WHEN b.guilty THEN 'poison' END,
    crashes = CASE WHEN b.guilty THEN t.crashes + 1 ELSE least(t.crashes + 1, 2) END,
    error = CASE WHEN b.guilty THEN jsonb_build_object('code', 'handler.crashed', 'retryable', false, 'message',
      'The worker process died three times while it ran this task, the last time alone') ELSE t.error END,
    finished_at = CASE WHEN b.guilty OR b.cancels THEN now() END,
    lease_token = NULL, run_at = now()
  FROM before b WHERE t.id = b.id AND ${guard('lose')}
  RETURNING ${CHANGED}
),
${ATTEMPTS},
events AS (
  INSERT INTO task_events (task_id, tenant_id, kind, detail)
  SELECT c.id, c.tenant_id, CASE WHEN b.guilty THEN 'quarantined' ELSE 'lost' END,
    jsonb_build_object('epoch', c.epoch, 'worker_incarnation', b.worker_incarnation)
  FROM changed c JOIN before b ON b.id = c.id
),
${DELTAS}
SELECT id, queue, status FROM changed`;

/** Ends attempts past their time that nobody settled; spends one. Locks: rows nobody else holds. $1: grace, s; $2: aging, s. */
export const TIME_OUT = `
WITH late AS (
  SELECT t.id, t.status, t.attempts, t.lease_token, t.worker_incarnation, t.attempts + 1 >= t.max_attempts AS last,
    t.cancel_requested_at IS NOT NULL AS cancels,
    jsonb_build_object('code', 'handler.timeout', 'retryable', true, 'message',
      format('The attempt ran longer than %s s', t.timeout_ms / 1000.0)) AS error,
    least((t.backoff->>'max_ms')::float8, (t.backoff->>'base_ms')::float8 * power((t.backoff->>'factor')::float8, t.attempts))
      AS delay_ms
  FROM tasks t
  WHERE t.status = 'processing'
    AND t.started_at < now() - t.timeout_ms * interval '1 millisecond' - make_interval(secs => $1::float8)
  ORDER BY t.id LIMIT 200 FOR NO KEY UPDATE SKIP LOCKED
),
before AS (SELECT *, CASE WHEN cancels THEN 'cancelled' ELSE 'timed_out' END AS outcome FROM late),
changed AS (
  UPDATE tasks t SET
    status = CASE WHEN b.cancels THEN ${to('abort')} WHEN b.last THEN ${to('exhaust')} ELSE ${to('retry')} END,
    reason = CASE WHEN b.cancels THEN NULL WHEN b.last THEN 'timeout' ELSE 'retry' END,
    attempts = t.attempts + 1, lease_token = NULL, error = b.error,
    run_at = now() + b.delay_ms * interval '1 millisecond',
    rank_at = now() + b.delay_ms * interval '1 millisecond' - t.priority * make_interval(secs => $2::float8),
    finished_at = CASE WHEN b.cancels OR b.last THEN now() END
  FROM before b WHERE t.id = b.id AND ${guard('retry')}
  RETURNING ${CHANGED}
),
${ATTEMPTS},
${DELTAS}
SELECT id, queue, status FROM changed`;

/** Locks: none, LOCK_TASKS went before. Waiting tasks end now; running ones are asked to. */
export const CANCEL = `
WITH before AS (
  SELECT id, status FROM tasks t WHERE id = ANY($1::uuid[]) AND ${guard('cancel')}
),
changed AS (
  UPDATE tasks t SET status = ${to('cancel')}, reason = NULL, finished_at = now(), cancel_requested_at = now()
  FROM before b WHERE t.id = b.id AND ${guard('cancel')}
  RETURNING ${CHANGED}
),
asked AS (
  UPDATE tasks SET cancel_requested_at = coalesce(cancel_requested_at, now())
  WHERE id = ANY($1::uuid[]) AND status = 'processing' RETURNING id, tenant_id, queue, epoch
),
events AS (
  INSERT INTO task_events (task_id, tenant_id, kind)
  SELECT id, tenant_id, 'cancel_requested' FROM changed UNION ALL SELECT id, tenant_id, 'cancel_requested' FROM asked
),
${DELTAS}
SELECT id, queue, epoch, 'cancelled' AS verdict FROM changed
UNION ALL SELECT id, queue, epoch, 'requested' FROM asked`;

/** Locks: none, LOCK_TASKS went before. A clean slate in the same row; earlier attempts stay. $2: new payload, $3: aging, s. */
export const REPLAY = `
WITH before AS (
  SELECT id, status, payload FROM tasks WHERE id = $1::uuid AND status IN ('failed', 'cancelled')
),
changed AS (
  UPDATE tasks t SET
    status = ${to('replay')}, reason = NULL, attempts = 0, crashes = 0, returns = 0, result = NULL, error = NULL,
    fingerprint = NULL, progress = NULL, progress_message = NULL, cancel_requested_at = NULL, finished_at = NULL,
    started_at = NULL, run_at = now(), rank_at = now() - t.priority * make_interval(secs => $3::float8),
    payload = coalesce($2::jsonb, t.payload)
  FROM before b WHERE t.id = b.id AND ${guard('replay')}
  RETURNING ${CHANGED}
),
events AS (
  INSERT INTO task_events (task_id, tenant_id, kind, detail)
  SELECT c.id, c.tenant_id, 'replayed',
    CASE WHEN $2::jsonb IS NOT NULL THEN jsonb_build_object('replaced_payload', b.payload) END
  FROM changed c JOIN before b ON b.id = c.id
),
${DELTAS}
SELECT id, queue FROM changed`;
