import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_TENANT } from '../../src/kernel/tenant-scope.js';
import { QueuePausesService } from '../../src/tasks/queue-pauses.service.js';
import { TasksRepository } from '../../src/tasks/tasks.repository.js';
import { freshEnvironment, scope, startSubmitter, startWorker, type TestApp } from '../support/apps.js';
import { newTask } from '../support/core.js';
import { elsewhere as outside } from '../support/elsewhere.js';
import { inconsistencies } from '../support/consistency.js';
import { eventually, transports, type TestDatabase } from '../support/stack.js';
import { ran } from '../support/test-tasks.js';

const TASKS = 150;
const RUN_MS = 100;
const STARTED = `SELECT count(*)::int AS count FROM tasks WHERE started_at IS NOT NULL`;

describe.each(transports())('a pause on %s', (transport) => {
  let database: TestDatabase;
  let submitter: TestApp;
  let workers: TestApp[];

  beforeEach(async () => {
    ({ database } = await freshEnvironment(transport, { WORKER_BATCH_SIZE: '8' }));
    submitter = await startSubmitter();
    await submitter.get(TasksRepository).ensureQueues(['default']);
    workers = [];
  });

  afterEach(async () => {
    const found = await inconsistencies(submitter.database);
    for (const worker of workers) await worker.close();
    await submitter.close();
    await database.drop();
    expect(found).toEqual({});
  });

  const started = async () => (await submitter.database.query<{ count: number }>(STARTED))[0].count;

  const counts = async () => {
    const rows = await submitter.database.query<{ status: string; count: number }>(
      'SELECT status, count(*)::int AS count FROM tasks GROUP BY status',
    );
    return new Map(rows.map(({ status, count }) => [status, count]));
  };

  it('lets nothing start from the moment it is answered, amid full speed; a resume lets all run', async () => {
    const pauses = submitter.get(QueuePausesService);
    const begun = ran.length;
    workers = [await startWorker(), await startWorker()];
    await Promise.all(Array.from({ length: TASKS }, () => submitter.submit({ does: 'sleep', ms: RUN_MS })));
    await eventually(async () => (await started()) > 0, { timeoutMs: 60_000 });
    await pauses.setQueue('default', true);
    const atPause = await started();
    // What the transport had handed out comes back unclaimed; all that was claimed ends.
    await eventually(async () => (await counts()).get('completed') === atPause, { timeoutMs: 60_000 });
    const late = await submitter.submit();
    expect((await submitter.task(late)).status).toBe('pending');
    expect(await started()).toBe(atPause);
    expect(ran.length - begun).toBe(atPause);
    expect(atPause).toBeLessThan(TASKS);
    await pauses.setQueue('default', false);
    await eventually(async () => (await counts()).get('completed') === TASKS + 1, { timeoutMs: 60_000 });
    expect(ran.length - begun).toBe(TASKS + 1);
  });
});

describe('a pause', () => {
  it('waits for the claims that began before it, and those that come later see it', async () => {
    const { database } = await freshEnvironment('postgres');
    const app = await startSubmitter();
    const tasks = app.get(TasksRepository);
    await tasks.ensureQueues(['default']);
    const [first, second] = [await app.submit(), await app.submit()];
    const claim = (id: string) => [{ id, queue: 'default', epoch: 1, token: id }];
    const by = { incarnation: first, suspects: false };
    const order: string[] = [];
    let pausing: Promise<unknown> = Promise.resolve();
    await app.database.transaction(async (tx) => {
      await tasks.claim(tx, claim(first), by);
      pausing = outside(() => app.get(QueuePausesService).setQueue('default', true)).then(() =>
        order.push('paused'),
      );
      await eventually(async () => {
        const [{ waiting }] = await outside(() =>
          app.database.query<{ waiting: number }>(
            `SELECT count(*)::int AS waiting FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`,
          ),
        );
        return waiting === 1;
      });
      order.push('claimed');
    });
    await pausing;
    expect(order).toEqual(['claimed', 'paused']);
    const [refused] = await app.database.transaction((tx) => tasks.claim(tx, claim(second), by));
    expect(refused.verdict).toBe('withdrawn');
    expect(await app.task(second)).toMatchObject({ status: 'pending', tenant: DEFAULT_TENANT });
    await app.close();
    await database.drop();
  });

  it("of a tenant's share leaves the others' work alone", async () => {
    const { database } = await freshEnvironment('postgres');
    const app = await startSubmitter();
    const tasks = app.get(TasksRepository);
    await tasks.ensureQueues(['default']);
    const mine = await app.submit();
    const other = newTask({ tenant_id: 'other' });
    await app.database.transaction((tx) => tasks.submit(tx, [other]));
    await app.get(QueuePausesService).setShare(scope, 'default', true);
    const claims = [mine, other.id].map((id) => ({ id, queue: 'default', epoch: 1, token: id }));
    const taken = await app.database.transaction((tx) =>
      tasks.claim(tx, claims, { incarnation: mine, suspects: false }),
    );
    expect(new Map(taken.map(({ id, verdict }) => [id, verdict]))).toEqual(
      new Map([
        [mine, 'withdrawn'],
        [other.id, 'claimed'],
      ]),
    );
    await app.close();
    await database.drop();
  });

  it('names the queues there are when it is asked for another', async () => {
    const { database } = await freshEnvironment('postgres');
    const app = await startSubmitter();
    await expect(app.get(QueuePausesService).setQueue('nonsense', true)).rejects.toThrow(
      'There is no queue nonsense; there are default',
    );
    await app.close();
    await database.drop();
  });
});
