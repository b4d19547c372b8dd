import { Logger } from '@nestjs/common';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { ExpirySweep } from '../../src/sweeps/expiry.sweep.js';
import { StartAlarmSweep } from '../../src/sweeps/start-alarm.sweep.js';
import { newId } from '../../src/kernel/ids.js';
import { fingerprintOf } from '../../src/tasks/fingerprint.js';
import { Leases } from '../../src/tasks/leases.js';
import { decide, type Ending } from '../../src/tasks/settlement.js';
import { rejected, snoozed } from '../../src/tasks/task-outcome.js';
import { TaskControlService } from '../../src/tasks/task-control.service.js';
import { startAlarmRaised } from '../../src/tasks/task-telemetry.js';
import { TasksRepository } from '../../src/tasks/tasks.repository.js';
import { TasksService } from '../../src/tasks/tasks.service.js';
import { scope, startWorker, type TestApp } from '../support/apps.js';
import { ownApp } from '../support/own-app.js';
import { eventually, transports } from '../support/stack.js';
import { closeGate } from '../support/test-tasks.js';

const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();
const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const EXPIRED = { status: 'failed', reason: 'expired', error: { code: 'task.expired', retryable: false } };

describe.each(transports())('the clocks of a task on %s', (transport) => {
  let app: TestApp;

  beforeAll(async () => {
    const own = await ownApp(transport, startWorker);
    app = own.app;
    return own.end;
  });

  const move = (id: string, column: string) =>
    app.database.query(`UPDATE tasks SET ${column} = now() - interval '1 minute' WHERE id = $1::uuid`, id);
  const pause = (paused: boolean) =>
    app.database.query(`UPDATE queues SET paused = $1::boolean WHERE name = 'default'`, paused);
  /** A task that the dispatcher has taken, and that no worker will hear of for a while. */
  const queued = async (request: object) => {
    await pause(true);
    const id = await app.submit({}, request as never);
    // Another dispatcher may be at it: then nothing is placed, and the queue stays paused.
    return eventually(() =>
      app.database.transaction(async (tx) => {
        await app.database.executeIn(tx, `UPDATE queues SET paused = false WHERE name = 'default'`);
        const placed = await app.get(TasksRepository).dispatch(tx, 'default');
        expect(placed.map((row) => row.id)).toContain(id);
        return { id, epoch: 1 };
      }),
    );
  };

  it('let one expire that was never started, whatever it waits for', async () => {
    const parent = await app.submit({}, { delay_ms: 600_000 });
    await pause(true);
    const waiting = [
      await app.submit({}, { delay_ms: 600_000, expires_at: inAnHour() }),
      await app.submit({}, { expires_at: inAnHour() }),
      await app.submit({}, { depends_on: [parent], expires_at: inAnHour() }),
    ];
    for (const id of waiting) await move(id, 'expires_at');
    for (const id of waiting) expect(await app.settled(id)).toMatchObject(EXPIRED);
    expect(await app.history(waiting[0] ?? '')).toEqual(['submitted', 'expired', 'dead_lettered']);
    await pause(false);
  });

  it('never start an expired one, though it is queued', async () => {
    const sweep = vi.spyOn(app.get(ExpirySweep), 'runOnce').mockResolvedValue({});
    const { id, epoch } = await queued({ expires_at: inAnHour() });
    await move(id, 'expires_at');
    expect(await app.get(Leases).claim({ id, epoch, queue: 'default', token: newId() })).toBeNull();
    expect(await app.task(id)).toMatchObject({ status: 'queued', started_at: null });
    sweep.mockRestore();
    expect(await app.settled(id)).toMatchObject(EXPIRED);
  });

  it('let one that was started go on after it would have expired', async () => {
    const id = await app.submit(
      { does: 'throw', times: 1 },
      { expires_at: inMs(60_000), backoff: { base_ms: 300 } },
    );
    await eventually(async () => (await app.task(id)).attempts === 1);
    await move(id, 'expires_at');
    expect(await app.settled(id)).toMatchObject({ status: 'completed', attempts: 2 });
  });

  it('stop a handler at the deadline, when that comes before its timeout', async () => {
    const id = await app.submit(
      { does: 'sleep', ms: 60_000 },
      { deadline_at: inMs(1_500), timeout_ms: 60_000 },
    );
    expect(await app.settled(id)).toMatchObject({ ...EXPIRED, attempts: 1 });
    const [attempt] = await app.get(TaskControlService).attempts(scope, id, 10);
    expect(attempt).toMatchObject({ outcome: 'timed_out', error: { code: 'task.expired' } });
  });

  it.each<[string, Ending, object]>([
    ['failed', { kind: 'threw', error: new Error('no') }, EXPIRED],
    ['was interrupted', { kind: 'interrupted' }, EXPIRED],
    ['snoozes', { kind: 'returned', outcome: snoozed(1) }, EXPIRED],
    [
      'is rejected',
      { kind: 'returned', outcome: rejected('document.corrupt', 'no') },
      { reason: 'permanent' },
    ],
  ])('let no attempt follow after the deadline when one %s', async (_, ending, expected) => {
    const { id, epoch } = await queued({ deadline_at: inAnHour() });
    const lease = { id, epoch, token: newId() };
    await app.get(Leases).claim({ ...lease, queue: 'default' });
    await move(id, 'deadline_at');
    const backoff = { baseMs: 1, factor: 1, maxMs: 1, jitter: 0 };
    const settlement = decide({ attempts: 0, maxAttempts: 9, returns: 0, backoff }, ending);
    await app.get(Leases).settle({ lease, settlement, fingerprint: null, logs: [] });
    expect(await app.task(id)).toMatchObject({ status: 'failed', ...expected });
  });

  it('let it complete after the deadline, if it only does', async () => {
    const open = closeGate('late-but-done');
    const id = await app.submit({ does: 'gate', gate: 'late-but-done' }, { deadline_at: inAnHour() });
    await app.running(id);
    await move(id, 'deadline_at');
    open();
    expect(await app.settled(id)).toMatchObject({ status: 'completed' });
  });

  it('end one whose worker does not stop it at the deadline', async () => {
    const open = closeGate('deaf');
    const id = await app.submit({ does: 'gate', gate: 'deaf' }, { deadline_at: inAnHour() });
    await app.running(id);
    await move(id, 'deadline_at');
    const ended = await app.database.transaction((tx) => app.get(TasksRepository).timeOut(tx, 15));
    expect(ended).toMatchObject([{ id, status: 'failed' }]);
    expect(await app.task(id)).toMatchObject({ ...EXPIRED, attempts: 1 });
    open();
    await eventually(async () => (await app.history(id)).includes('late_result_refused'));
  });

  it('end one that waits past its deadline, and bind a replay no more', async () => {
    const id = await app.submit({}, { delay_ms: 60_000, deadline_at: inAnHour() });
    await move(id, 'deadline_at');
    const task = await app.settled(id);
    expect(task).toMatchObject(EXPIRED);
    expect(task.error?.fingerprint).toBe(
      fingerprintOf('test.scripted', {
        code: 'task.expired',
        message: task.error?.message ?? '',
      }),
    );
    await app.get(TaskControlService).retry(scope, id);
    expect(await app.settled(id)).toMatchObject({ status: 'completed', deadline_at: null });
  });

  it('are refused when they leave no chance, each fault named', async () => {
    const refusal = (request: object) =>
      app
        .submit({}, request as never)
        .catch((error: { options?: { errors?: Array<{ path: string }> } }) =>
          error.options?.errors?.map(({ path }) => path),
        );
    const past = '2020-01-01T00:00:00Z';
    expect(await refusal({ expires_at: past, deadline_at: past })).toEqual(['expires_at', 'deadline_at']);
    expect(await refusal({ run_at: inMs(60_000), expires_at: inMs(30_000) })).toEqual(['expires_at']);
    expect(await refusal({ delay_ms: 60_000, deadline_at: inMs(30_000) })).toEqual(['deadline_at']);
    expect(await refusal({ expires_at: inMs(60_000), deadline_at: inMs(30_000) })).toEqual(['expires_at']);
    const tasks = [
      { type: 'test.scripted', payload: {} },
      { type: 'test.scripted', payload: {}, expires_at: past },
    ];
    await expect(app.get(TasksService).submitBatch(scope, { tasks })).rejects.toMatchObject({
      options: { errors: [{ path: 'tasks.1.expires_at' }] },
    });
  });

  it('raise an alarm once when a queue starts its tasks too late, and end it', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const raised: string[] = [];
    const unsubscribe = startAlarmRaised.subscribe(({ queue }) => raised.push(queue));
    const sweep = app.get(StartAlarmSweep);
    await pause(true);
    const id = await app.submit();
    await eventually(async () => (await app.task(id)).status === 'pending');
    await app.database.query(
      `UPDATE tasks SET created_at = now() - interval '20 minutes' WHERE id = $1::uuid`,
      id,
    );
    await sweep.runOnce();
    expect(raised).toEqual([]);
    await app.database.query(`UPDATE queues SET paused = false, "window" = 0 WHERE name = 'default'`);
    await Promise.all([sweep.runOnce(), sweep.runOnce()]);
    await sweep.runOnce();
    expect(raised).toEqual(['default']);
    expect(warn.mock.calls.flat()).toContainEqual(
      expect.objectContaining({ queue: 'default', limit_seconds: 600 }),
    );
    await app.database.query(`UPDATE queues SET "window" = 64 WHERE name = 'default'`);
    await app.settled(id);
    await sweep.runOnce();
    const [row] = await app.database.query<{ at: Date | null }>(
      `SELECT start_alarm_at AS at FROM queues WHERE name = 'default'`,
    );
    expect(row?.at).toBeNull();
    unsubscribe();
    warn.mockRestore();
  });
});
