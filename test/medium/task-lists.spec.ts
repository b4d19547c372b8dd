import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/kernel/ids.js';
import { DEFAULT_TENANT, type TenantScope } from '../../src/kernel/tenant-scope.js';
import { TASK_STATUSES } from '../../src/kernel/task-status.js';
import { ChosenTasks, type TaskFilter } from '../../src/tasks/chosen.sql.js';
import { FINAL_STATUSES } from '../../src/tasks/lifecycle.js';
import { TaskReadsRepository } from '../../src/tasks/task-reads.repository.js';
import { buffersOf, undone } from '../support/buffers.js';
import { Core } from '../support/core.js';
import { freshDatabase, type TestDatabase } from '../support/stack.js';

const OURS: TenantScope = { tenantId: DEFAULT_TENANT };
const SMALL: TenantScope = { tenantId: 'small' };
const BATCH = newId();

/** Newer by their place. $1: how many, $2: their statuses, $3: how many there are, $4: one of so many is the small tenant's. */
const MAKE = `
INSERT INTO tasks (id, external_id, tenant_id, user_id, type, queue, status, priority, rank_at, payload, max_attempts,
  backoff, timeout_ms, run_at, finished_at, lease_token, worker_incarnation, dispatched_no, batch_id, tags, labels, error,
  progress, created_at)
SELECT (lpad(to_hex(n), 12, '0') || '70008000000000000000')::uuid, 'name_' || n,
  CASE WHEN n % $4::int = 0 THEN 'small' ELSE '${DEFAULT_TENANT}' END, 'user-' || n % 3, 'test.scripted', 'default', status, 1,
  now(), jsonb_build_object('n', n), 3, '{}', 1000, now(),
  CASE WHEN status IN ('completed', 'failed', 'cancelled') THEN now() END,
  CASE WHEN status = 'processing' THEN gen_random_uuid() END, gen_random_uuid(), n,
  CASE WHEN n % 50 = 7 THEN '${BATCH}'::uuid END, CASE WHEN n % 1000 = 999 THEN '{rare}' ELSE '{}'::text[] END, '{"a": 1}',
  CASE WHEN status = 'failed' THEN jsonb_build_object('code', 'made', 'message', n || ' % of it') END, 0.3,
  '2026-01-01'::timestamptz + n * interval '1 s'
FROM (SELECT n, ($2::text[])[1 + abs(hashint4(n)) % cardinality($2::text[])] AS status
  FROM generate_series($3::int + 1, $3::int + $1::int) AS n) AS made`;

describe('lists of tasks', () => {
  let server: TestDatabase;
  let core: Core;
  let reads: TaskReadsRepository;

  beforeAll(async () => {
    server = await freshDatabase();
    core = new Core(server.url);
    reads = new TaskReadsRepository(core.database);
    await core.database.query(MAKE, 9_000, TASK_STATUSES, 0, 90);
  });

  afterAll(async () => {
    await core.close();
    await server.drop();
  });

  const pages = async (scope: TenantScope, filter: TaskFilter, limit: number) => {
    const ids: string[] = [];
    for (;;) {
      const page = await reads.list(scope, filter, limit, ids.at(-1));
      ids.push(...page.map(({ id }) => id));
      if (page.length < limit) return ids;
    }
  };
  const plainly = async ({ tenantId }: TenantScope, condition: string) => {
    const rows = await core.database.query<{ id: string }>(
      `SELECT id FROM tasks WHERE tenant_id = $1 AND (${condition}) ORDER BY id DESC`,
      tenantId,
    );
    return rows.map(({ id }) => id);
  };

  it.each<[TaskFilter, string]>([
    [{}, 'true'],
    ...TASK_STATUSES.map((status): [TaskFilter, string] => [{ status }, `status = '${status}'`]),
    [{ status: 'active' }, `status = 'processing'`],
    [{ status: 'waiting' }, `status IN ('blocked', 'scheduled', 'pending', 'queued')`],
    [{ tag: 'rare' }, `'rare' = ANY(tags)`],
    [
      { status: 'waiting', tag: 'rare' },
      `'rare' = ANY(tags) AND finished_at IS NULL AND status <> 'processing'`,
    ],
    [{ batch_id: BATCH }, `batch_id = '${BATCH}'`],
    [{ batch_id: BATCH, status: 'failed' }, `batch_id = '${BATCH}' AND status = 'failed'`],
    [{ user_id: 'user-1', type: 'test.scripted', queue: 'default' }, `user_id = 'user-1'`],
    [{ type: 'no.such' }, 'false'],
    [{ error_code: 'made' }, `status = 'failed'`],
    [{ q: 'NAME_89' }, `external_id LIKE 'name!_89%' ESCAPE '!'`],
    [{ q: '7 % of' }, `status = 'failed' AND external_id LIKE '%7'`],
    [{ q: '\\' }, 'false'],
    [
      { created_after: '2026-01-01T01:00:00Z', created_before: '2026-01-01T02:00:00+00:00' },
      `created_at BETWEEN '2026-01-01T01:00:00Z' AND '2026-01-01T02:00:00Z'`,
    ],
  ])('tell all that %j asks for, once, newest first, page by page', async (filter, condition) => {
    for (const scope of [OURS, SMALL])
      expect(await pages(scope, filter, 150)).toEqual(await plainly(scope, condition));
  });

  it('tell what a single look tells', async () => {
    const rows = await reads.list(OURS, {}, 20);
    expect(rows).toHaveLength(20);
    for (const row of rows) expect(row).toEqual(await reads.find(OURS, row.id));
  });

  it('read about a page of each status, however long the history and however many wait since the last ANALYZE', async () => {
    const LIMIT = 50;
    await core.database.query(MAKE, 40_000, FINAL_STATUSES, 10_000, 10_000);
    await core.database.query('VACUUM ANALYZE tasks');
    await core.database.query(MAKE, 10_000, ['pending', 'scheduled'], 80_000, 10_000);
    const [middle] = await core.database.query<{ id: string }>(
      'SELECT id FROM tasks ORDER BY id OFFSET 30000 LIMIT 1',
    );
    for (const scope of [OURS, SMALL, { tenantId: 'nobody' }])
      for (const status of [undefined, 'waiting', 'active', ...TASK_STATUSES] as const)
        for (const before of [undefined, middle?.id]) {
          const chosen = new ChosenTasks(scope, { status }).within(before);
          const text = chosen.newest('t.*', LIMIT);
          const touched = await undone(core.database, (tx) =>
            buffersOf(core.database, tx, text, ...chosen.values),
          );
          const statuses = text.split('BETWEEN').length - 1;
          expect(touched, `${scope.tenantId} ${status} ${before}`).toBeLessThanOrEqual(
            statuses * (LIMIT + 10),
          );
        }
  });
});
