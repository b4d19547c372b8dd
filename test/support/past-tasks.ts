import type { Database } from '../../src/database/database.js';
import { newId } from '../../src/kernel/ids.js';

interface PastTasks {
  count: number;
  status: 'completed' | 'failed' | 'cancelled';
  /** How long ago they ended. */
  hoursAgo?: number;
  fingerprint?: string;
  batchId?: string;
  result?: boolean;
  uniqueKey?: string;
  tag?: string;
}

const INSERT = `
WITH made AS (
  INSERT INTO tasks (id, tenant_id, type, queue, status, reason, priority, rank_at, payload, max_attempts, backoff,
    timeout_ms, epoch, attempts, error, fingerprint, result, batch_id, unique_key, tags, created_at, queued_at, started_at,
    finished_at)
  SELECT i.id, 'default', 'test.scripted', 'default', $2, CASE $2 WHEN 'failed' THEN 'permanent' END, 1, w.at, '{}', 3,
    '{"base_ms":20,"factor":2,"max_ms":1000,"jitter":0}', 60000, 1, CASE $2 WHEN 'cancelled' THEN 0 ELSE 1 END,
    CASE $2 WHEN 'failed' THEN '{"code":"document.corrupt","message":"made","retryable":false}'::jsonb END,
    $4, CASE WHEN $6 THEN '{"made":true}'::jsonb END, $5::uuid, $7, array_remove(ARRAY[$8], NULL), w.at, w.at, w.at, w.at
  FROM unnest($1::uuid[]) AS i(id), (SELECT now() - make_interval(secs => $3::float8 * 3600) AS at) AS w
  RETURNING id, status, epoch, tenant_id, started_at, finished_at
),
attempts AS (
  INSERT INTO task_attempts (task_id, epoch, tenant_id, attempt, lease_token, worker_incarnation, outcome, started_at, finished_at)
  SELECT id, epoch, tenant_id, 1, gen_random_uuid(), gen_random_uuid(),
    CASE status WHEN 'failed' THEN 'rejected' ELSE 'completed' END, started_at, finished_at
  FROM made WHERE status <> 'cancelled'
),
events AS (
  INSERT INTO task_events (task_id, tenant_id, kind) SELECT id, tenant_id, 'made' FROM made
)
INSERT INTO stats_deltas (tenant_id, queue, minute, metric, amount)
SELECT 'default', 'default', date_trunc('minute', now()), metric, count(*) FROM made
CROSS JOIN LATERAL unnest(ARRAY['total.submitted', 'total.' || status, 'depth.' || status]
  || CASE WHEN status <> 'cancelled' THEN ARRAY['run.0', 'wait.0'] ELSE '{}' END) AS metric
GROUP BY metric`;

/** Tasks that ended a while ago, with attempts and counters as their lives would have left them. */
export async function insertPast(database: Database, tasks: PastTasks): Promise<string[]> {
  const { count, status, hoursAgo = 0, fingerprint = null, batchId = null, tag = null } = tasks;
  const ids = Array.from({ length: count }, () => newId());
  await database.transaction((tx) =>
    database.executeIn(
      tx,
      INSERT,
      ids,
      status,
      hoursAgo,
      fingerprint,
      batchId,
      tasks.result ?? false,
      tasks.uniqueKey ?? null,
      tag,
    ),
  );
  return ids;
}
