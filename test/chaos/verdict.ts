import type { Database } from '../../src/database/database.js';
import { inconsistencies } from '../support/consistency.js';
import type { Ledger } from './ledger.js';

/** Promised and not there, not final, or ended in another way than it could. */
const LOST = `
SELECT p.round, p.id, p.kind, t.status, t.reason, t.attempts, t.crashes, t.error
FROM jsonb_to_recordset($1::jsonb) AS p(id uuid, kind text, round int, ends text[])
LEFT JOIN tasks t ON t.id = p.id
WHERE t.finished_at IS NULL OR t.status <> ALL (p.ends)`;

/** More than one settlement that ends a task: completions, or attempts of epochs after the one that ended it. */
const SETTLED_TWICE = `
SELECT p.round, p.id, p.kind, t.status, array_agg(a.outcome ORDER BY a.epoch) AS outcomes
FROM jsonb_to_recordset($1::jsonb) AS p(id uuid, kind text, round int)
JOIN tasks t ON t.id = p.id LEFT JOIN task_attempts a ON a.task_id = t.id
GROUP BY 1, 2, 3, 4
HAVING count(*) FILTER (WHERE a.outcome = 'completed') <> (t.status = 'completed')::int
  OR max(a.epoch) FILTER (WHERE a.outcome = 'completed') < max(a.epoch)`;

/** The mark that stands is not of the run that completed, or one attempt left two. */
const DOUBLED_MARKS = `
SELECT p.round, p.id, p.kind, t.result, w.run, w.epoch, array_agg(a.epoch ORDER BY a.epoch) AS epochs
FROM jsonb_to_recordset($1::jsonb) AS p(id uuid, kind text, round int)
JOIN tasks t ON t.id = p.id AND t.type = 'chaos.work'
LEFT JOIN chaos.written w ON w.task_id = t.id
LEFT JOIN chaos.appended a ON a.task_id = t.id
GROUP BY 1, 2, 3, 4, 5, 6, t.status, t.epoch
HAVING count(a.epoch) <> count(DISTINCT a.epoch)
  OR (t.status = 'completed' AND (w.run IS DISTINCT FROM (t.result->>'run')::uuid OR w.epoch <> t.epoch))`;

/** Chunks and vectors that are there, against what the document says of itself. */
const DOUBLED_DOCUMENTS = `
SELECT p.round, p.id, p.kind, d.chunks AS promised, c.n AS chunks, v.n AS vectors
FROM jsonb_to_recordset($1::jsonb) AS p(id uuid, kind text, round int)
JOIN documents d ON d.task_id = p.id
JOIN tasks t ON t.id = p.id AND t.status = 'completed'
CROSS JOIN LATERAL (SELECT count(*)::int AS n FROM document_chunks c WHERE c.document_id = d.document_id) AS c
CROSS JOIN LATERAL (SELECT count(*)::int AS n FROM vectors v WHERE v.source = d.document_id) AS v
WHERE d.chunks IS DISTINCT FROM c.n OR d.chunks IS DISTINCT FROM v.n`;

/** A request that made more tasks than it asked for, or a part of an all-or-nothing batch. */
const SUBMITTED_TWICE = `
WITH made AS (
  SELECT coalesce(tag, external_id) AS tag, count(*)::int AS n, bool_or(batch_id IS NOT NULL) AS is_batch
  FROM tasks LEFT JOIN LATERAL unnest(tags) AS tag ON true GROUP BY 1
)
SELECT p.round, p.tag, p.tasks, m.n FROM jsonb_to_recordset($1::jsonb) AS p(tag text, tasks int, round int)
JOIN made m ON m.tag = p.tag
WHERE m.n > p.tasks OR (m.is_batch AND m.n < p.tasks)`;

/**
 * Attempts that began while as many others of their key as it has places had not ended. From claim to settlement, by rows:
 * exact, for each is claimed after what made its place free was committed. The handler of a frozen process may run on
 * beside them, which no row tells. An attempt whose times a fault moved by minutes says nothing of it.
 */
const OVER_THE_LIMIT = `
WITH held AS (
  SELECT t.id, t.concurrency_key AS key, t.concurrency_limit AS "limit", a.epoch, a.started_at, a.finished_at
  FROM tasks t JOIN task_attempts a ON a.task_id = t.id
  WHERE t.concurrency_key IS NOT NULL
    AND a.finished_at - a.started_at BETWEEN interval '0' AND interval '4 minutes'
)
SELECT coalesce(p.round, -1) AS round, h.id, h.epoch, h.key, h."limit", count(*)::int AS n
FROM held h JOIN held o ON o.key = h.key AND o.started_at <= h.started_at AND o.finished_at > h.started_at
LEFT JOIN jsonb_to_recordset($1::jsonb) AS p(id uuid, round int) ON p.id = h.id
GROUP BY 1, 2, 3, 4, 5 HAVING count(*) > h."limit"`;

/** Not owed once, not delivered, or of which its receiver knows nothing. `$2`: what it heard, by `webhook-id`. */
const NOT_CALLED_BACK = `
SELECT p.round, p.id, t.status, array_agg(concat_ws(' ', d.event, d.status, d.attempts, d.last_error)) AS deliveries
FROM jsonb_to_recordset($1::jsonb) AS p(id uuid, kind text, round int)
JOIN tasks t ON t.id = p.id LEFT JOIN webhook_deliveries d ON d.task_id = t.id
WHERE p.kind = 'called_back'
GROUP BY 1, 2, 3
HAVING count(d.id) <> 1
  OR bool_or(d.status <> 'succeeded' OR d.event <> 'task.' || t.status OR d.id::text <> ALL ($2::text[]))`;

interface Finding {
  round: number;
}

/** What the ledger and the rows disagree about, by kind of defect. Nothing, whatever happened. */
export interface Verdict {
  lost: Finding[];
  doubled: Finding[];
  settledTwice: Finding[];
  submittedTwice: Finding[];
  overTheLimit: Finding[];
  notCalledBack: Finding[];
  inconsistent: Record<string, unknown[]>;
}

/** @param heard the `webhook-id` of every message that came */
export async function judge(
  database: Database,
  ledger: Ledger,
  heard: ReadonlySet<string>,
): Promise<Verdict> {
  const promised = JSON.stringify([...ledger.promised.values()]);
  const asked = JSON.stringify([...ledger.asked.values()]);
  const find = (sql: string, rows = promised) => database.query<Finding>(sql, rows);
  return {
    lost: await find(LOST),
    doubled: [...(await find(DOUBLED_MARKS)), ...(await find(DOUBLED_DOCUMENTS))],
    settledTwice: await find(SETTLED_TWICE),
    submittedTwice: await find(SUBMITTED_TWICE, asked),
    overTheLimit: [...ledger.overshoots, ...(await find(OVER_THE_LIMIT))],
    notCalledBack: await database.query<Finding>(NOT_CALLED_BACK, promised, [...heard]),
    inconsistent: await inconsistencies(database),
  };
}
