import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QueuesRepository } from '../../src/sweeps/queues.repository.js';
import type { PlacedTask } from '../../src/tasks/task-rows.js';
import { TasksRepository } from '../../src/tasks/tasks.repository.js';
import { Transport } from '../../src/transport/transport.js';
import { freshEnvironment, startSubmitter, startWorker, type TestApp } from '../support/apps.js';
import { Core, newTask, newTasks } from '../support/core.js';
import { eventually, freshDatabase, transports, type TestDatabase } from '../support/stack.js';
import { closeGate, ran } from '../support/test-tasks.js';

const WINDOW = 64;
const SLOTS = 8;
const BATCH = 2_000;

describe.each(transports())('fairness on %s', (transport) => {
  let database: TestDatabase;
  let submitter: TestApp;
  let worker: TestApp | null;

  beforeEach(async () => {
    ({ database } = await freshEnvironment(transport, {
      WORKER_BATCH_SIZE: String(SLOTS),
      SHUTDOWN_TIMEOUT: '1',
    }));
    submitter = await startSubmitter();
    await submitter.get(TasksRepository).ensureQueues(['default']);
    worker = null;
  });

  afterEach(async () => {
    await worker?.close();
    await submitter.close();
    await database.drop();
  });

  const pause = (paused: boolean) =>
    submitter.database.query('UPDATE queues SET paused = $1::boolean', paused);
  const submit = async (tasks: Parameters<TasksRepository['submit']>[1]) => {
    for (let at = 0; at < tasks.length; at += BATCH)
      await submitter.database.transaction((tx) =>
        submitter.get(TasksRepository).submit(tx, tasks.slice(at, at + BATCH)),
      );
  };

  it('starts a task of each of 50 tenants before one with 20,000 waiting started a window and its slots more', async () => {
    const begun = ran.length;
    await pause(true);
    await submit(newTasks(20_000, { tenant_id: 'big' }));
    await pause(false);
    worker = await startWorker();
    await eventually(() => ran.length - begun > 2 * WINDOW, { timeoutMs: 60_000 });
    const few = Array.from({ length: 50 }, (_, at) => newTask({ tenant_id: `small-${at}` }));
    await submit(few);
    const from = ran.length;
    const ids = new Set(few.map(({ id }) => id));
    const seen = () => ran.filter(({ taskId }) => ids.has(taskId)).length;
    await eventually(() => seen() === few.length, { timeoutMs: 60_000 });
    await pause(true);
    const last = ran.findLastIndex(({ taskId }) => ids.has(taskId));
    const others = ran.slice(from, last).filter(({ taskId }) => !ids.has(taskId));
    expect(others.length).toBeLessThanOrEqual(WINDOW + SLOTS);
  }, 120_000);

  it('lets an urgent task overtake a full window of others', async () => {
    const open = closeGate('window');
    const held = Array.from({ length: SLOTS }, () => submitter.submit({ does: 'gate', gate: 'window' }));
    const first = await Promise.all(held);
    const rest = await Promise.all(Array.from({ length: WINDOW }, () => submitter.submit()));
    const urgent = await submitter.submit({}, { priority: 5 });
    expect((await submitter.task(urgent)).status).toBe('pending');
    worker = await startWorker();
    await eventually(async () => (await submitter.task(urgent)).status === 'queued', { timeoutMs: 60_000 });
    await eventually(async () => (await submitter.get(Transport).stats('default')).waiting === WINDOW);
    open();
    for (const id of [...first, ...rest, urgent]) await submitter.settled(id, 60_000);
    const order = ran.map(({ taskId }) => taskId).filter((id) => rest.includes(id) || id === urgent);
    expect(order.indexOf(urgent)).toBeLessThan(SLOTS);
  }, 120_000);
});

/** Takes what has the smallest number first, and what came first of equals: as the transport does. */
class Handout {
  private waiting: PlacedTask[] = [];

  take(placed: readonly PlacedTask[]): void {
    this.waiting.push(...placed);
    this.waiting = this.waiting.toSorted((a, b) => (a.transport_priority ?? 0) - (b.transport_priority ?? 0));
  }

  next(count: number): PlacedTask[] {
    return this.waiting.splice(0, count);
  }
}

describe('the order of starts', () => {
  let server: TestDatabase;
  let core: Core;
  let handout: Handout;

  beforeEach(async () => {
    server = await freshDatabase();
    core = new Core(server.url);
    await core.tasks.ensureQueues(['default']);
    handout = new Handout();
  });

  afterEach(async () => {
    await core.close();
    await server.drop();
  });

  /** @returns the ids that started */
  const step = async (slots: number) => {
    handout.take(await core.dispatch('default'));
    const held = await core.claim(handout.next(slots));
    await core.complete(held);
    return held.map(({ id }) => id);
  };
  /** So that nothing takes the fast path. */
  const submitWaiting = async (tasks: Parameters<Core['submit']>[0]) => {
    await core.pause(true);
    await core.submit(tasks);
    await core.pause(false);
  };

  it('gives a tenant of three times the weight three times the starts', async () => {
    await core.database.query(`INSERT INTO tenants (id, weight) VALUES ('heavy', 3)`);
    const heavy = newTasks(400, { tenant_id: 'heavy' });
    await submitWaiting([...heavy, ...newTasks(400, { tenant_id: 'light' })]);
    const ids = new Set(heavy.map(({ id }) => id));
    const started: string[] = [];
    while (started.length < 200) started.push(...(await step(4)));
    const share = started.filter((id) => ids.has(id)).length;
    expect(share).toBeGreaterThanOrEqual(147);
    expect(share).toBeLessThanOrEqual(153);
  });

  it('lets the lowest priority start within two windows once it is old enough, under constant urgent load', async () => {
    const low = newTask({ priority: 0 });
    await submitWaiting([low, ...newTasks(3 * WINDOW, { priority: 9 })]);
    const started: string[] = [];
    const go = async () => {
      started.push(...(await step(SLOTS)));
      await core.submit(newTasks(SLOTS, { priority: 9 }));
    };
    while (started.length < 2 * WINDOW) await go();
    expect(started).not.toContain(low.id);
    // Nine levels of aging later.
    await core.database.query(
      `UPDATE tasks SET rank_at = rank_at - interval '10 hours' WHERE id = $1::uuid AND status = 'pending'`,
      low.id,
    );
    const from = started.length;
    while (!started.includes(low.id) && started.length < from + 4 * WINDOW) await go();
    expect(started.indexOf(low.id) - from).toBeLessThanOrEqual(2 * WINDOW + SLOTS);
    expect(started.indexOf(low.id) - from).toBeGreaterThan(WINDOW);
  });

  it('is within a window of four times the slots that live in the queue, and never below its floor', async () => {
    const windowOf = async () => {
      await new QueuesRepository(core.database).refreshWindows();
      const [queue] = await core.database.query<{ size: number }>('SELECT "window" AS size FROM queues');
      return queue.size;
    };
    expect(await windowOf()).toBe(WINDOW);
    await core.database.query(
      `INSERT INTO workers (incarnation, name, kind, host, pid, version, queues, types, concurrency, lanes, status)
       SELECT gen_random_uuid(), 'w' || n, 'pool', 'here', n, '0', '{default,other}', '{}', 150,
         '{"default": 50, "other": 100}', 'running' FROM generate_series(1, 3) AS n`,
    );
    expect(await windowOf()).toBe(4 * 3 * 50);
    await core.database.query(`UPDATE workers SET last_seen_at = now() - interval '1 minute'`);
    expect(await windowOf()).toBe(WINDOW);
  });

  it('sends new work to the dispatcher once a row was overtaken in the transport for some seconds', async () => {
    const statusOf = async (priority: number) => {
      const task = newTask({ priority });
      await core.submit([task]);
      const [{ status }] = await core.database.query<{ status: string }>(
        'SELECT status FROM tasks WHERE id = $1::uuid',
        task.id,
      );
      return status;
    };
    expect(await statusOf(0)).toBe('queued');
    expect(await statusOf(9)).toBe('queued');
    await core.database.query(`UPDATE tasks SET queued_at = queued_at - interval '6 seconds'`);
    expect(await statusOf(9)).toBe('pending');
  });
});
