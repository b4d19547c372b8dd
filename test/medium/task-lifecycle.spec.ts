import { beforeAll, describe, expect, it, vi } from 'vitest';
import { Fault } from '../../src/kernel/fault.js';
import { QueueDepths } from '../../src/tasks/queue-depths.js';
import { TaskControlService } from '../../src/tasks/task-control.service.js';
import { TasksService } from '../../src/tasks/tasks.service.js';
import { scope, startSubmitter, startWorker, type TestApp } from '../support/apps.js';
import { ownApp } from '../support/own-app.js';
import { eventually, transports } from '../support/stack.js';

describe.each(transports())('a task on %s', (transport) => {
  let app: TestApp;

  beforeAll(async () => {
    const own = await ownApp(transport, startWorker);
    app = own.app;
    return own.end;
  });

  const settled = (id: string) =>
    eventually(async () => {
      const task = await app.task(id);
      expect(['completed', 'failed', 'cancelled']).toContain(task.status);
      return task;
    });

  it('runs and keeps its result', async () => {
    const task = await settled(await app.submit({ value: { n: 1 } }));
    expect(task).toMatchObject({
      status: 'completed',
      result: { n: 1 },
      attempts: 1,
      crashes: 0,
      progress: { fraction: 1 },
    });
    expect(task.worker_id).toBeTruthy();
  });

  it('is tried again after an error, then completes', async () => {
    const task = await settled(await app.submit({ does: 'throw', times: 2 }));
    expect(task).toMatchObject({ status: 'completed', attempts: 3, error: null });
    const attempts = await app.get(TaskControlService).attempts(scope, task.task_id, 10);
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'completed']);
  });

  it('is dead-lettered when its attempts are spent', async () => {
    const task = await settled(await app.submit({ does: 'throw', times: 9 }, { max_attempts: 2 }));
    expect(task).toMatchObject({
      status: 'failed',
      reason: 'exhausted',
      attempts: 2,
      error: { code: 'handler.failed' },
    });
    expect(task.error?.fingerprint).toMatch(/^[0-9a-f]{16}$/);
  });

  it('fails for good at once when the handler rejects it', async () => {
    const task = await settled(await app.submit({ does: 'reject' }));
    expect(task).toMatchObject({
      status: 'failed',
      reason: 'permanent',
      attempts: 1,
      error: { code: 'document.corrupt' },
    });
  });

  it('spends no attempt on a snooze', async () => {
    const task = await settled(await app.submit({ does: 'snooze', times: 2, ms: 10 }));
    expect(task).toMatchObject({ status: 'completed', attempts: 1 });
  });

  it('times out, and says so when that was the last attempt', async () => {
    const task = await settled(
      await app.submit({ does: 'sleep', ms: 60_000 }, { timeout_ms: 100, max_attempts: 1 }),
    );
    expect(task).toMatchObject({ status: 'failed', reason: 'timeout', error: { code: 'handler.timeout' } });
  });

  it('fails for good when its result cannot be stored', async () => {
    const task = await settled(await app.submit({ does: 'nul' }));
    expect(task).toMatchObject({
      status: 'failed',
      reason: 'permanent',
      error: { code: 'result.unstorable' },
    });
  });

  it('waits for its time', async () => {
    const id = await app.submit({}, { delay_ms: 400 });
    expect(await app.task(id)).toMatchObject({ status: 'scheduled', reason: 'run_at' });
    expect((await settled(id)).status).toBe('completed');
  });

  it('is cancelled while it waits, and runs after a retry', async () => {
    const id = await app.submit({ value: 'again' }, { delay_ms: 60_000 });
    await app.get(TaskControlService).cancel(scope, id);
    expect(await app.task(id)).toMatchObject({ status: 'cancelled', started_at: null });
    await app.get(TaskControlService).retry(scope, id);
    expect(await settled(id)).toMatchObject({ status: 'completed', result: 'again' });
  });

  it('is cancelled while it runs', async () => {
    const id = await app.submit({ does: 'sleep', ms: 60_000 });
    await app.running(id);
    await app.get(TaskControlService).cancel(scope, id);
    expect(await settled(id)).toMatchObject({ status: 'cancelled', attempts: 0 });
  });

  it('goes by its own name, once', async () => {
    const id = await app.submit({}, { task_id: 'invoice:7' });
    expect((await app.task('invoice:7')).task_id).toBe(id);
    await expect(app.submit({}, { task_id: 'invoice:7' })).rejects.toMatchObject({ code: 'task.exists' });
    await expect(app.submit({}, { task_id: 'ocr-17' })).rejects.toMatchObject({ code: 'task_id.reserved' });
  });

  it('is the one task of its unique key while it lives', async () => {
    const tasks = app.get(TasksService);
    const request = { type: 'test.scripted', payload: {}, unique_key: 'nightly', delay_ms: 60_000 };
    const first = await tasks.submit(scope, request);
    const second = await tasks.submit(scope, request);
    expect(second.answer).toMatchObject({ task_id: first.answer.task_id, deduplicated: true });
  });

  it('answers an idempotency key with the first answer', async () => {
    const tasks = app.get(TasksService);
    const request = { type: 'test.scripted', payload: { value: 1 } };
    const first = await tasks.submit(scope, request, { idempotencyKey: 'k1' });
    const again = await tasks.submit(scope, request, { idempotencyKey: 'k1' });
    expect(again).toEqual({ answer: first.answer, replayed: true });
    const other = tasks.submit(scope, { ...request, payload: { value: 2 } }, { idempotencyKey: 'k1' });
    await expect(other).rejects.toMatchObject({ code: 'idempotency.mismatch' });
  });

  it('hears the first answer to its key also when the queue is full by now', async () => {
    const tasks = app.get(TasksService);
    const request = { type: 'test.scripted', payload: {} };
    const first = await tasks.submit(scope, request, { idempotencyKey: 'k2' });
    const full = vi.spyOn(app.get(QueueDepths), 'admit').mockImplementation(() => {
      throw new Fault('queue.full', 'full');
    });
    try {
      await expect(tasks.submit(scope, request)).rejects.toMatchObject({ code: 'queue.full' });
      expect(await tasks.submit(scope, request, { idempotencyKey: 'k2' })).toEqual({
        ...first,
        replayed: true,
      });
    } finally {
      full.mockRestore();
    }
  });

  it('is accepted with many others at once by a process that just started', async () => {
    const submitter = await startSubmitter();
    try {
      const submit = (_: unknown, at: number) =>
        submitter
          .get(TasksService)
          .submit(scope, { type: 'test.scripted', payload: {} }, { idempotencyKey: `burst ${at}` });
      const accepted = await Promise.all(Array.from({ length: 50 }, submit));
      expect(new Set(accepted.map(({ answer }) => answer.task_id)).size).toBe(50);
    } finally {
      await submitter.close();
    }
  });

  it('goes first when its priority is higher', async () => {
    await app.database.query(`UPDATE queues SET paused = true WHERE name = 'default'`);
    const low = await app.submit({}, { priority: 0 });
    const high = await app.submit({}, { priority: 5 });
    await app.database.query(`UPDATE queues SET paused = false WHERE name = 'default'`);
    const [first, second] = [await settled(high), await settled(low)];
    expect(Date.parse(first.started_at ?? '')).toBeLessThanOrEqual(Date.parse(second.started_at ?? ''));
  });

  it('leaves counters that add up', async () => {
    const counts = await eventually(async () => {
      const rows = await app.database.query<{ metric: string; amount: number }>(
        `SELECT metric, sum(amount)::float8 AS amount FROM (
           SELECT metric, amount FROM stats WHERE minute = '-infinity' UNION ALL SELECT metric, amount FROM stats_deltas) AS c
         GROUP BY 1`,
      );
      const byMetric = new Map(rows.map(({ metric, amount }) => [metric, amount]));
      expect(byMetric.get('depth.processing') ?? 0).toBe(0);
      return byMetric;
    });
    const rows = await app.database.query<{ status: string; n: number }>(
      'SELECT status, count(*)::float8 AS n FROM tasks GROUP BY 1',
    );
    for (const { status, n } of rows) expect([status, counts.get(`depth.${status}`)]).toEqual([status, n]);
  });
});
