import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TaskExecutor } from '../../src/tasks/task-executor.js';
import { TaskWorker } from '../../src/tasks/task-worker.js';
import { taskStuck } from '../../src/tasks/task-telemetry.js';
import { freshEnvironment, startSubmitter, startWorker, type TestApp } from '../support/apps.js';
import { inconsistencies } from '../support/consistency.js';
import { transports, type TestDatabase } from '../support/stack.js';
import { closeGate } from '../support/test-tasks.js';

const SHUTDOWN_MS = 1_000;
/** What a handler gets to stop, and what its last settlement and the farewells may take. */
const STOP_GRACE_MS = 5_000;
const MARGIN_MS = 2_500;

describe.each(transports())('a worker that shuts down, on %s', (transport) => {
  let database: TestDatabase;
  let submitter: TestApp;
  let worker: TestApp;

  beforeEach(async () => {
    ({ database } = await freshEnvironment(transport, { SHUTDOWN_TIMEOUT: String(SHUTDOWN_MS / 1_000) }));
    submitter = await startSubmitter();
    worker = await startWorker();
  });

  afterEach(async () => {
    const found = await inconsistencies(submitter.database);
    await submitter.close();
    await database.drop();
    expect(found).toEqual({});
  });

  const close = async () => {
    const startMs = performance.now();
    await worker.close();
    return performance.now() - startMs;
  };

  it('waits for work that ends in time', async () => {
    const id = await submitter.submit({ does: 'sleep', ms: 500, value: 'done' });
    await submitter.running(id);
    const tookMs = await close();
    expect(await submitter.task(id)).toMatchObject({ status: 'completed', result: 'done' });
    expect(tookMs).toBeLessThan(500 + MARGIN_MS);
  });

  it('gives the rest back without spending an attempt', async () => {
    const ids = await Promise.all(
      Array.from({ length: 5 }, () => submitter.submit({ does: 'sleep', ms: 60_000 })),
    );
    for (const id of ids) await submitter.running(id);
    const tookMs = await close();
    expect(tookMs).toBeLessThan(SHUTDOWN_MS + MARGIN_MS);
    for (const id of ids) {
      expect(await submitter.task(id)).toMatchObject({ attempts: 0, crashes: 0 });
      expect(await submitter.history(id)).toContain('interrupted');
    }
  });

  it('settles over the head of a handler that does not stop, and says so', async () => {
    const stuck: string[] = [];
    const unsubscribe = taskStuck.subscribe(({ taskId }) => stuck.push(taskId));
    const open = closeGate('deaf');
    const id = await submitter.submit({ does: 'gate', gate: 'deaf', value: 'second' });
    await submitter.running(id);
    const tookMs = await close();
    unsubscribe();
    expect(tookMs).toBeLessThan(SHUTDOWN_MS + STOP_GRACE_MS + MARGIN_MS);
    expect(stuck).toEqual([id]);
    expect(await submitter.task(id)).toMatchObject({ attempts: 0, crashes: 0 });
    open();
    const other = await startWorker();
    expect(await submitter.settled(id)).toMatchObject({ status: 'completed', result: 'second', attempts: 1 });
    await other.close();
  });

  it('takes nothing any more once it gave its work back', async () => {
    await worker.get(TaskWorker).beforeApplicationShutdown();
    const taskId = await submitter.submit();
    await worker.get(TaskExecutor).execute({ queue: 'default', type: 'test.scripted', taskId, epoch: 1 });
    expect((await submitter.task(taskId)).status).toBe('queued');
    await worker.close();
  });
});
