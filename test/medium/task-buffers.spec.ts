import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.js';
import { newId } from '../../src/kernel/ids.js';
import { TaskMaker } from '../../src/tasks/new-task.js';
import * as claim from '../../src/tasks/claim.sql.js';
import * as dispatch from '../../src/tasks/dispatch.sql.js';
import * as locks from '../../src/tasks/locks.sql.js';
import * as repair from '../../src/tasks/repair.sql.js';
import * as settle from '../../src/tasks/settle.sql.js';
import * as stats from '../../src/tasks/stats.sql.js';
import * as submit from '../../src/tasks/submit.sql.js';
import { TasksRepository } from '../../src/tasks/tasks.repository.js';
import { freshEnvironment, scope, startSubmitter, type TestApp } from '../support/apps.js';
import type { TestDatabase } from '../support/stack.js';

const FINAL_ROWS = 200_000;
const PENDING = 300;
/** A history makes indexes a level deeper, and each row is in a few of them; reading any of it would cost thousands. */
const PAGES_PER_ROW = 12;

const HISTORY = `
INSERT INTO tasks (id, tenant_id, type, queue, status, priority, rank_at, payload, max_attempts, backoff, timeout_ms,
  epoch, created_at, queued_at, started_at, finished_at, worker_incarnation, external_id, attempts)
SELECT gen_random_uuid(), 'default', 'test.scripted', 'default', (ARRAY['completed','failed','cancelled'])[1 + n % 3], 1,
  now() - interval '1 day', '{}', 3, '{}', 1000, 1, now() - interval '1 day', now() - interval '1 day',
  now() - interval '1 day', now(), gen_random_uuid(), 'old-' || n, 1
FROM generate_series(1, $1::int) AS n`;

class Undo extends Error {}

describe('what a statement touches', () => {
  let database: TestDatabase;
  let app: TestApp;
  let tasks: TasksRepository;
  let before: Record<string, number>;

  beforeAll(async () => {
    ({ database } = await freshEnvironment('postgres'));
    app = await startSubmitter();
    tasks = app.get(TasksRepository);
    await tasks.ensureQueues(['default']);
    await app.database.query('UPDATE queues SET paused = true');
    const rows = Array.from({ length: PENDING }, () =>
      app.get(TaskMaker).make(scope, { type: 'test.scripted', payload: {} }),
    );
    await app.database.transaction((tx) => tasks.submit(tx, rows));
  });

  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  it('does not grow with the history: claim, settle, dispatch, submit and the sweeps', async () => {
    await app.database.query('VACUUM (ANALYZE) tasks');
    before = await measure(app);
    await app.database.query(HISTORY, FINAL_ROWS);
    await app.database.query('VACUUM (ANALYZE) tasks');
    const after = await measure(app);
    expect(after['stats']).toBe(before['stats']);
    for (const [name, buffers] of Object.entries(after)) {
      const rows = name.startsWith('sweep') ? 2 : 64;
      expect(buffers, `${name}: ${before[name]} before`).toBeLessThanOrEqual(
        (before[name] ?? 0) + rows * PAGES_PER_ROW,
      );
    }
  }, 120_000);
});

/** Shared buffers that each statement touches, in one transaction that is undone: 64 tasks from dispatch to settlement. */
async function measure(app: TestApp): Promise<Record<string, number>> {
  const { database } = app;
  const aging = 3_600;
  const found: Record<string, number> = {};
  const work = database.transaction(async (tx) => {
    const run = async (name: string, text: string, ...parameters: unknown[]) => {
      found[name] = await buffersOf(database, tx, text, parameters);
    };
    await database.executeIn(tx, 'UPDATE queues SET paused = false');
    const picked = await database.queryIn<{ id: string }>(tx, dispatch.PICK, 'default');
    await run('pick', dispatch.PICK, 'default');
    await run(
      'dispatch',
      dispatch.DISPATCH,
      picked.map(({ id }) => id),
    );
    const leases = picked.map(({ id }) => ({ id, epoch: 1, token: newId() }));
    await run(
      'lock',
      locks.LOCK_TASKS,
      picked.map(({ id }) => id),
    );
    await run('claim', claim.CLAIM, JSON.stringify(leases), newId(), false);
    const settlement = {
      event: 'complete',
      target: 'completed',
      outcome: 'completed',
      spends: 1,
      returns: 0,
    };
    await run(
      'settle',
      settle.SETTLE,
      JSON.stringify(leases.map((lease) => ({ ...lease, ...settlement }))),
      aging,
    );
    const fresh = Array.from({ length: 64 }, (_, at) =>
      app
        .get(TaskMaker)
        .make(scope, { type: 'test.scripted', payload: {}, task_id: `new-${at}`, unique_key: `k-${at}` }),
    );
    await run('submit', submit.SUBMIT, JSON.stringify(fresh), aging);
    await run('classify', submit.CLASSIFY, JSON.stringify(fresh));
    await run('stats', stats.COUNTS, scope.tenantId, ['default'], 5);
    await run('sweep: wake', dispatch.WAKE, 500);
    await run('sweep: queued', dispatch.FIND_QUEUED, 'default', new Date(), 500, null, null);
    await run('sweep: lose', repair.LOSE, 12, 500);
    await run('sweep: time out', repair.TIME_OUT, 15, aging);
    throw new Undo();
  });
  await work.catch((error: unknown) => {
    if (!(error instanceof Undo)) throw error;
  });
  return found;
}

async function buffersOf(
  database: Database,
  tx: Parameters<Database['queryIn']>[0],
  text: string,
  parameters: unknown[],
): Promise<number> {
  const explain = `EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ${text}`;
  const [row] = await database.queryIn<{ 'QUERY PLAN': Array<{ Plan: Record<string, number> }> }>(
    tx,
    explain,
    ...parameters,
  );
  const plan = row?.['QUERY PLAN'][0]?.Plan ?? {};
  return (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0);
}
