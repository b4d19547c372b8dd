import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TasksRepository } from '../../src/tasks/tasks.repository.js';
import { TasksService } from '../../src/tasks/tasks.service.js';
import { Transport, transportKey } from '../../src/transport/transport.js';
import { freshEnvironment, scope, startSubmitter, startWorker, type TestApp } from '../support/apps.js';
import { inconsistencies } from '../support/consistency.js';
import { startRedis } from '../support/redis-server.js';
import { eventually, transports, type TestDatabase, type TransportKind } from '../support/stack.js';
import { timesRan } from '../support/test-tasks.js';

const WINDOW = 64;
/** What one flush of the submits may hold. */
const SUBMIT_BATCH = 128;

describe.each(transports())('a transport that forgets, on %s', (transport) => {
  let database: TestDatabase;
  let variables: Readonly<Record<string, string>>;
  let submitter: TestApp;

  beforeEach(async () => {
    ({ database, variables } = await freshEnvironment(transport));
    submitter = await startSubmitter();
    await submitter.get(TasksRepository).ensureQueues(['default']);
    await eventually(async () => (await mark()) !== null);
  });

  afterEach(async () => {
    const found = await inconsistencies(submitter.database);
    await submitter.close();
    await database.drop();
    expect(found).toEqual({});
  });

  const bus = () => submitter.get(Transport);
  const waiting = async () => (await bus().stats('default')).waiting;
  /** The mark that Postgres expects, once the transport carries it. */
  const mark = async () => {
    const [row] = await submitter.database.query<{ mark: string | null }>(
      `SELECT transport_incarnation AS mark FROM queues WHERE name = 'default'`,
    );
    return row?.mark && row.mark === (await bus().incarnation('default')) ? row.mark : null;
  };
  const submitMany = async (count: number) => {
    const requests = Array.from({ length: count }, () => ({ type: 'test.scripted', payload: {} }));
    return (await submitter.get(TasksService).submitBatch(scope, { tasks: requests })).answer.task_ids;
  };
  const completed = async () => {
    const [row] = await submitter.database.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM tasks WHERE status = 'completed'`,
    );
    return row?.n ?? 0;
  };

  it('gets every queued task again, each once, also when they are more than one pass looks at', async () => {
    const before = await mark();
    await submitter.database.query(`UPDATE queues SET "window" = 700 WHERE name = 'default'`);
    const ids = await submitMany(700);
    await eventually(async () => (await waiting()) === 700);
    await forget(transport, submitter, variables);
    await eventually(
      async () => {
        const now = await mark();
        return now !== null && now !== before;
      },
      { timeoutMs: 15_000 },
    );
    await eventually(async () => (await waiting()) === 700);
    const [events] = await submitter.database.query(
      `SELECT count(*)::int AS events, count(DISTINCT task_id)::int AS tasks FROM task_events WHERE kind = 'redispatched'`,
    );
    expect(events).toEqual({ events: 700, tasks: 700 });
    const worker = await startWorker();
    await eventually(async () => (await completed()) === 700, { timeoutMs: 30_000 });
    expect(ids.filter((id) => timesRan(id) !== 1)).toEqual([]);
    await worker.close();
  });

  it('gets again what it forgot of before the clock was set back', async () => {
    const [id = ''] = await submitMany(1);
    await eventually(async () => (await waiting()) === 1);
    const moved = `UPDATE tasks SET queued_at = now() + interval '5 minutes' WHERE id = $1::uuid RETURNING epoch`;
    const [row] = await submitter.database.query<{ epoch: number }>(moved, id);
    await bus().remove('default', [transportKey(id, row?.epoch ?? 0)]);
    await eventually(async () => (await waiting()) === 1, { timeoutMs: 15_000 });
    const [again] = await submitter.database.query('SELECT status, epoch FROM tasks WHERE id = $1::uuid', id);
    expect(again).toEqual({ status: 'queued', epoch: (row?.epoch ?? 0) + 1 });
  });

  it('holds a window and a batch of a backlog, not the backlog', async () => {
    let most = 0;
    const submits = Promise.all(Array.from({ length: 3_000 }, () => submitter.submit()));
    let isOver = false;
    void submits.then(() => (isOver = true));
    await eventually(
      async () => {
        most = Math.max(most, await waiting());
        return isOver;
      },
      { timeoutMs: 30_000 },
    );
    // Passes of the dispatcher and the reconciler add nothing.
    const settledAtMs = performance.now() + 6_000;
    await eventually(async () => {
      most = Math.max(most, await waiting());
      return performance.now() > settledAtMs;
    });
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(WINDOW + SUBMIT_BATCH);
    const worker = await startWorker();
    await eventually(async () => (await completed()) === 3_000, { timeoutMs: 45_000, everyMs: 200 });
    await worker.close();
  }, 90_000);
});

describe.runIf(transports().includes('redis'))('a transport that is away', () => {
  it('delays no submit, and gets the backlog when it is back', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'intake-redis-'));
    const first = await startRedis({ folder });
    const { database } = await freshEnvironment('postgres', { REDIS_URL: first.url });
    const [submitter, worker] = [await startSubmitter(), await startWorker()];
    await submitter.settled(await submitter.submit());
    await first.kill();
    const startMs = performance.now();
    const ids = await Promise.all(Array.from({ length: 200 }, () => submitter.submit()));
    expect(performance.now() - startMs).toBeLessThan(2_000);
    const again = await startRedis({ folder, port: Number(new URL(first.url).port) });
    for (const id of ids)
      expect(await submitter.settled(id, 30_000)).toMatchObject({ status: 'completed', attempts: 1 });
    expect(ids.filter((id) => timesRan(id) !== 1)).toEqual([]);
    await worker.close();
    await submitter.close();
    await again.kill();
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  });
});

/** Everything, marks included: FLUSHDB, or the same done to BullMQ's tables. */
async function forget(
  transport: TransportKind,
  app: TestApp,
  variables: Readonly<Record<string, string>>,
): Promise<void> {
  if (transport === 'redis') {
    const redis = new Redis(variables['REDIS_URL'] ?? '');
    await redis.flushdb();
    redis.disconnect();
    return;
  }
  const tables = await app.database.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('public', 'pg_catalog', 'information_schema') AND tablename NOT LIKE '%migration%'`,
  );
  await app.database.query(`TRUNCATE ${tables.map(({ name }) => name).join(', ')}`);
}
