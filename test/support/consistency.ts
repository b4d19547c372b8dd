import type { Database } from '../../src/database/database.js';

/** Counters as readers see them: what was folded, and what still waits to be. */
const COUNTS = `SELECT metric, sum(amount) AS amount FROM (
  SELECT metric, amount FROM stats WHERE minute = '-infinity' UNION ALL SELECT metric, amount FROM stats_deltas) AS c GROUP BY 1`;

/** Tasks that retention and operators took away, attempts included. */
const REMOVED = `SELECT coalesce(sum(amount), 0) FROM (${COUNTS}) AS c WHERE metric = 'total.removed'`;

const RULES: Record<string, string> = {
  'depth counters equal the rows in each status': `
    SELECT coalesce(r.status, substr(c.metric, 7)) AS what, coalesce(c.amount, 0)::int AS counted, coalesce(r.n, 0)::int AS rows
    FROM (${COUNTS}) AS c
    FULL JOIN (SELECT status, count(*) AS n FROM tasks GROUP BY 1) AS r ON c.metric = 'depth.' || r.status
    WHERE (c.metric IS NULL OR c.metric LIKE 'depth.%') AND coalesce(c.amount, 0) <> coalesce(r.n, 0)`,
  'every ended attempt was timed once': `
    SELECT c.n::int AS counted, a.n::int AS attempts
    FROM (SELECT coalesce(sum(amount), 0) AS n FROM (${COUNTS}) AS c WHERE metric LIKE 'run.%') AS c,
      (SELECT count(*) AS n FROM task_attempts) AS a WHERE c.n < a.n OR (c.n > a.n AND (${REMOVED}) = 0)`,
  'every claim was counted once': `
    SELECT c.n::int AS counted, a.n::int AS claims
    FROM (SELECT coalesce(sum(amount), 0) AS n FROM (${COUNTS}) AS c WHERE metric LIKE 'wait.%') AS c,
      (SELECT (SELECT count(*) FROM task_attempts) + (SELECT count(*) FROM tasks WHERE status = 'processing') AS n) AS a
    WHERE c.n < a.n OR (c.n > a.n AND (${REMOVED}) = 0)`,
  'every task was counted when it came, and when it was removed': `
    SELECT c.n::int AS counted, t.n::int AS tasks
    FROM (SELECT coalesce(sum(amount), 0) AS n FROM (${COUNTS}) AS c WHERE metric = 'total.submitted') AS c,
      (SELECT count(*) AS n FROM tasks) AS t WHERE c.n - (${REMOVED}) <> t.n`,
  'every end was counted once, and every replay follows one': `
    SELECT c.n::int AS counted, t.n::int AS ends
    FROM (SELECT coalesce(sum(amount), 0) AS n FROM (${COUNTS}) AS c
        WHERE metric IN ('total.completed', 'total.failed', 'total.cancelled')) AS c,
      (SELECT (SELECT count(*) FROM tasks WHERE finished_at IS NOT NULL)
        + (SELECT count(*) FROM task_events WHERE kind IN ('replayed', 'revived')) AS n) AS t
    WHERE c.n <> t.n AND (${REMOVED}) = 0`,
  'a batch has as many open members as it says': `
    SELECT b.id, b.remaining, count(t.*)::int AS open
    FROM batches b LEFT JOIN tasks t ON t.batch_id = b.id AND t.finished_at IS NULL
    GROUP BY b.id HAVING b.remaining <> count(t.*)`,
  'no row is left of a task that is not there': `
    SELECT r.task_id FROM (SELECT task_id FROM task_attempts UNION SELECT task_id FROM task_events
      UNION SELECT task_id FROM task_logs) AS r
    WHERE NOT EXISTS (SELECT FROM tasks t WHERE t.id = r.task_id)`,
  'a completed task completed in exactly one attempt, any other in none': `
    SELECT t.id, t.status, count(a.*)::int AS completions
    FROM tasks t LEFT JOIN task_attempts a ON a.task_id = t.id AND a.outcome = 'completed'
    GROUP BY t.id HAVING count(a.*) <> (t.status = 'completed')::int`,
  'no attempt is of an epoch that its task never had, and a running one has not ended': `
    SELECT t.id, t.status, t.epoch, a.epoch AS attempt FROM tasks t JOIN task_attempts a ON a.task_id = t.id
    WHERE a.epoch > t.epoch OR (a.epoch = t.epoch AND t.status IN ('queued', 'processing'))`,
  'no two attempts share a lease': `
    SELECT lease_token FROM task_attempts GROUP BY 1 HAVING count(*) > 1`,
  'spent attempts, crashes and returns are what the history of a never replayed task tells': `
    SELECT t.id, t.status, t.attempts, t.crashes, t.returns, array_agg(a.outcome ORDER BY a.epoch) AS outcomes
    FROM tasks t JOIN task_attempts a ON a.task_id = t.id
    WHERE NOT EXISTS (SELECT FROM task_events e WHERE e.task_id = t.id AND e.kind = 'replayed') AND t.cancel_requested_at IS NULL
    GROUP BY t.id
    HAVING t.attempts + t.returns <> count(*) FILTER (WHERE a.outcome <> 'lost')
      OR t.attempts < count(*) FILTER (WHERE a.outcome IN ('completed', 'failed', 'rejected', 'timed_out'))
      OR t.crashes <> least(count(*) FILTER (WHERE a.outcome = 'lost'), 3)`,
  'who is blocked waits for somebody, or has news to hear': `
    SELECT t.id FROM tasks t WHERE t.status = 'blocked' AND NOT EXISTS (
      SELECT FROM task_dependencies d WHERE d.task_id = t.id AND (d.outcome IS NULL OR d.news))`,
  'an edge knows how its parent ended': `
    SELECT d.task_id, d.parent_id, d.outcome, p.status FROM task_dependencies d JOIN tasks p ON p.id = d.parent_id
    WHERE d.outcome IS DISTINCT FROM CASE WHEN p.status IN ('completed', 'failed', 'cancelled') THEN p.status END`,
};

/** What does not add up between rows, attempts and counters: nothing, whatever happened. */
export async function inconsistencies(database: Database): Promise<Record<string, unknown[]>> {
  const found: Record<string, unknown[]> = {};
  for (const [rule, sql] of Object.entries(RULES)) {
    const rows = await database.query(sql);
    if (rows.length > 0) found[rule] = rows.slice(0, 5);
  }
  return found;
}
