import { fingerprintSql } from './fingerprint.js';
import { CHANGED, DELTAS, ENDED, errorOf, guard, to } from './parts.sql.js';

/** Tasks of a tenant by id or by their own name. $2: ids, $3: names. Reads only. */
export const FIND_PARENTS = `
SELECT id, external_id FROM tasks
WHERE tenant_id = $1 AND (id = ANY($2::uuid[]) OR external_id = ANY($3::text[]))`;

/** Locks: the parents, shared, in id order: nobody ends them before the edges are there. */
export const LOCK_PARENTS = `SELECT id FROM tasks WHERE id = ANY($1::uuid[]) ORDER BY id FOR SHARE`;

/** LOCK_PARENTS went before: what is final is told as the outcome, what is open as none. Reads only. */
export const PARENT_OUTCOMES = `
SELECT id, CASE WHEN status IN ('completed', 'failed', 'cancelled') THEN status END AS outcome
FROM tasks WHERE id = ANY($1::uuid[])`;

/** Locks: none held by others, the children are new. */
export const INSERT_EDGES = `
INSERT INTO task_dependencies (task_id, parent_id, tenant_id, outcome, news)
SELECT task_id, parent_id, tenant_id, outcome, news
FROM jsonb_to_recordset($1::jsonb) AS i(task_id uuid, parent_id uuid, tenant_id text, outcome text, news boolean)
ORDER BY parent_id, task_id`;

/**
 * Tells the edges how their parents ended, or that they live again (no outcome). Locks: the edges, by parent and child,
 * after the parents themselves. $1: parents, $2: their outcomes.
 */
export const TELL_EDGES = `
WITH told AS (SELECT * FROM unnest($1::uuid[], $2::text[]) AS p(id, outcome)),
locked AS (
  SELECT d.task_id, d.parent_id FROM task_dependencies d
  WHERE d.parent_id = ANY($1::uuid[]) ORDER BY d.parent_id, d.task_id FOR NO KEY UPDATE
)
UPDATE task_dependencies d SET outcome = p.outcome, news = true
FROM locked l JOIN told p ON p.id = l.parent_id
WHERE d.task_id = l.task_id AND d.parent_id = l.parent_id`;

/** Children that run again ask their parents anew. Locks: their edges, by parent and child. $1: the children. */
export const ASK_EDGES = `
WITH locked AS (
  SELECT d.task_id, d.parent_id FROM task_dependencies d
  WHERE d.task_id = ANY($1::uuid[]) ORDER BY d.parent_id, d.task_id FOR NO KEY UPDATE
)
UPDATE task_dependencies d SET news = true FROM locked l WHERE d.task_id = l.task_id AND d.parent_id = l.parent_id`;

/** Locks: edges with news that nobody else holds. $1: how many. */
export const TAKE_NEWS = `
SELECT task_id, parent_id FROM task_dependencies WHERE news
ORDER BY parent_id, task_id LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED`;

/** Locks: the children that nobody else holds, in id order. */
export const LOCK_CHILDREN = `
SELECT id FROM tasks WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED`;

/** Locks: none, TAKE_NEWS went before. $1: children, $2: parents, pairwise. */
export const FORGET_NEWS = `
UPDATE task_dependencies d SET news = false
FROM unnest($1::uuid[], $2::uuid[]) AS i(task_id, parent_id)
WHERE d.task_id = i.task_id AND d.parent_id = i.parent_id`;

/** What all the edges of `t` say together: how many parents are open, and which of them ended badly. */
const EDGES = `
LATERAL (
  SELECT count(*) FILTER (WHERE d.outcome IS NULL) AS open,
    min(d.parent_id::text) FILTER (WHERE d.outcome IN ('failed', 'cancelled')
      AND coalesce(t.on_dependency_failure, 'fail') <> 'ignore') AS culprit
  FROM task_dependencies d WHERE d.task_id = t.id
) AS e`;

/** Whether a task that runs again has to wait for its parents' word first. */
export const MUST_ASK = `
EXISTS (SELECT FROM ${EDGES} WHERE e.open > 0 OR e.culprit IS NOT NULL)`;

/**
 * Children that a parent's end took along, and whose parents give no more reason for it: they wait again. A name that
 * another live task holds by now keeps its holder. Locks: none, LOCK_CHILDREN went before.
 */
export const REVIVE = `
WITH before AS (
  SELECT t.id, t.status FROM tasks t CROSS JOIN ${EDGES}
  WHERE t.id = ANY($1::uuid[]) AND ${guard('revive')} AND t.reason = 'dependency_failed' AND e.culprit IS NULL
    AND NOT EXISTS (SELECT FROM tasks live WHERE live.tenant_id = t.tenant_id AND live.unique_key = t.unique_key
      AND live.status NOT IN ('completed', 'failed', 'cancelled'))
),
changed AS (
  UPDATE tasks t SET status = ${to('revive')}, reason = NULL, error = NULL, fingerprint = NULL, finished_at = NULL
  FROM before b WHERE t.id = b.id AND ${guard('revive')}
  RETURNING ${CHANGED}
),
events AS (INSERT INTO task_events (task_id, tenant_id, kind) SELECT id, tenant_id, 'revived' FROM changed),
${DELTAS}
SELECT id, batch_id FROM changed`;

const ABANDONED = {
  code: 'dependency.failed',
  message: 'Task 1, which this one depends on, did not complete',
};

/** What becomes of blocked children. Locks: none, LOCK_CHILDREN went before. $2: aging, s. */
export const RELEASE = `
WITH before AS (
  SELECT t.id, t.status, e.culprit::uuid AS culprit, d.eligible_at,
    CASE
      WHEN e.culprit IS NOT NULL AND t.on_dependency_failure = 'cancel' THEN ${to('cancel')}
      WHEN e.culprit IS NOT NULL THEN ${to('abandon')}
      WHEN d.eligible_at > now() THEN ${to('delay')}
      ELSE ${to('unblock')}
    END AS target
  FROM tasks t CROSS JOIN ${EDGES}
  CROSS JOIN LATERAL (SELECT greatest(now(), t.run_at, now() + t.delay_ms * interval '1 millisecond') AS eligible_at) AS d
  WHERE t.id = ANY($1::uuid[]) AND ${guard('unblock')} AND (e.open = 0 OR e.culprit IS NOT NULL)
),
changed AS (
  UPDATE tasks t SET status = b.target,
    reason = CASE WHEN b.culprit IS NOT NULL THEN 'dependency_failed' WHEN b.target = ${to('delay')}
      THEN CASE WHEN t.delay_ms IS NULL THEN 'run_at' ELSE 'dependency_delay' END END,
    error = CASE WHEN b.culprit IS NOT NULL THEN ${errorOf(
      'dependency.failed',
      `format('Task %s, which this one depends on, did not complete', b.culprit)`,
    )} END,
    fingerprint = CASE WHEN b.target = ${to('abandon')} THEN ${fingerprintSql('t.type', ABANDONED)} END,
    finished_at = CASE WHEN b.culprit IS NOT NULL THEN now() END,
    run_at = CASE WHEN b.culprit IS NULL THEN b.eligible_at ELSE t.run_at END,
    rank_at = b.eligible_at - t.priority * make_interval(secs => $2::float8)
  FROM before b WHERE t.id = b.id AND ${guard('unblock')}
  RETURNING ${CHANGED}
),
events AS (
  INSERT INTO task_events (task_id, tenant_id, kind, detail)
  SELECT c.id, c.tenant_id, CASE WHEN b.culprit IS NULL THEN 'unblocked' ELSE 'dependency_failed' END,
    CASE WHEN b.culprit IS NOT NULL THEN jsonb_build_object('parent_id', b.culprit) END
  FROM changed c JOIN before b ON b.id = c.id
),
${DELTAS}
SELECT ${ENDED} FROM changed c`;
