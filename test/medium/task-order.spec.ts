import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TaskMaker } from '../../src/tasks/new-task.js';
import { TasksRepository } from '../../src/tasks/tasks.repository.js';
import { Transport } from '../../src/transport/transport.js';
import { freshEnvironment, startSubmitter, startWorker, type TestApp } from '../support/apps.js';
import { inconsistencies } from '../support/consistency.js';
import { eventually, transports, type TestDatabase } from '../support/stack.js';
import { ran } from '../support/test-tasks.js';

describe.each(transports())('order on %s', (transport) => {
  let database: TestDatabase;
  let submitter: TestApp;
  let worker: TestApp | null;

  beforeEach(async () => {
    ({ database } = await freshEnvironment(transport, { WORKER_BATCH_SIZE: '1', SHUTDOWN_TIMEOUT: '1' }));
    submitter = await startSubmitter();
    await submitter.get(TasksRepository).ensureQueues(['default']);
    worker = null;
  });

  afterEach(async () => {
    const found = await inconsistencies(submitter.database);
    await worker?.close();
    await submitter.close();
    await database.drop();
    expect(found).toEqual({});
  });

  const work = async () => (worker = await startWorker());
  const pause = (paused: boolean) =>
    submitter.database.query('UPDATE queues SET paused = $1::boolean', paused);
  const inTransport = (count: number) =>
    eventually(async () => (await submitter.get(Transport).stats('default')).waiting === count);
  /** Ids in the order in which their handlers began. */
  const order = async (ids: readonly string[]) => {
    for (const id of ids) await submitter.settled(id);
    const began = ran.map(({ taskId }) => taskId).filter((id) => ids.includes(id));
    expect(began).toHaveLength(ids.length);
    return began;
  };
  const submitSome = async () => {
    const normal = [];
    for (let at = 0; at < 10; at += 1) normal.push(await submitter.submit());
    const low = await submitter.submit({}, { priority: 0 });
    const high = await submitter.submit({}, { priority: 3 });
    const urgent = await submitter.submit({}, { priority: 5 });
    return { ids: [...normal, low, high, urgent], expected: [urgent, high, ...normal, low] };
  };

  it('is by priority, then by age, on the fast path', async () => {
    const { ids, expected } = await submitSome();
    await inTransport(ids.length);
    for (const id of ids) expect((await submitter.task(id)).status).toBe('queued');
    await work();
    expect(await order(ids)).toEqual(expected);
  });

  it('is the same out of a backlog', async () => {
    await pause(true);
    const { ids, expected } = await submitSome();
    for (const id of ids) expect((await submitter.task(id)).status).toBe('pending');
    await pause(false);
    await inTransport(ids.length);
    await work();
    expect(await order(ids)).toEqual(expected);
  });

  it('is what a retry keeps: it comes back after its delay, in the rank of its priority', async () => {
    const failing = await submitter.submit(
      { does: 'throw', times: 1 },
      { priority: 5, backoff: { base_ms: 300 } },
    );
    await work();
    await eventually(async () => (await submitter.task(failing)).status === 'scheduled');
    const slow = [];
    for (let at = 0; at < 8; at += 1) slow.push(await submitter.submit({ does: 'sleep', ms: 120 }));
    expect(await submitter.settled(failing)).toMatchObject({ status: 'completed', attempts: 2 });
    expect((await submitter.task(slow.at(-1) ?? '')).status).not.toBe('completed');
    for (const id of slow) await submitter.settled(id);
  });

  it.each(['queue', 'tenant'])(
    'waits while the %s is paused, whatever the transport has handed out',
    async (whose) => {
      const ids = [await submitter.submit(), await submitter.submit(), await submitter.submit()];
      await inTransport(ids.length);
      const set = (paused: boolean) =>
        whose === 'queue'
          ? pause(paused)
          : submitter.database.query(
              `INSERT INTO tenant_queues (tenant_id, queue, paused) VALUES ('default', 'default', $1::boolean)
             ON CONFLICT (tenant_id, queue) DO UPDATE SET paused = excluded.paused`,
              paused,
            );
      await set(true);
      await work();
      for (const id of ids) await eventually(async () => (await submitter.task(id)).status === 'pending');
      const later = await submitter.submit();
      expect((await submitter.task(later)).status).toBe('pending');
      await set(false);
      expect(await order([...ids, later])).toEqual([...ids, later]);
      for (const id of ids) expect(await submitter.task(id)).toMatchObject({ attempts: 1 });
    },
  );
});

describe('a backlog of two tenants', () => {
  it('leaves in turns, each in the order of its own ranks', async () => {
    const { database } = await freshEnvironment('postgres');
    const app = await startSubmitter();
    const tasks = app.get(TasksRepository);
    await tasks.ensureQueues(['default']);
    await app.database.query('UPDATE queues SET paused = true');
    const make = (tenantId: string, priority: number) =>
      app.get(TaskMaker).make({ tenantId }, { type: 'test.scripted', payload: {}, priority });
    const crowd = Array.from({ length: 300 }, () => make('crowd', 1));
    const few = [make('few', 1), make('few', 0), make('few', 9)];
    await app.database.transaction((tx) => tasks.submit(tx, [...crowd, ...few]));
    const placed = await app.database.transaction(async (tx) => {
      // In one transaction, so that no sweep comes in between.
      await app.database.executeIn(tx, 'UPDATE queues SET paused = false');
      const sent = await tasks.dispatch(tx, 'default');
      await app.database.executeIn(tx, 'UPDATE queues SET paused = true');
      return sent;
    });
    expect(placed).toHaveLength(64);
    expect(placed.filter(({ id }) => few.some((task) => task.id === id))).toHaveLength(3);
    await app.close();
    await database.drop();
  });
});
