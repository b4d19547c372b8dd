import { beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/kernel/ids.js';
import { RunningAttempts } from '../../src/tasks/running-attempts.js';
import { TaskControlService } from '../../src/tasks/task-control.service.js';
import { TasksRepository } from '../../src/tasks/tasks.repository.js';
import { scope, startWorker, type TestApp } from '../support/apps.js';
import { ownApp } from '../support/own-app.js';
import { eventually, transports } from '../support/stack.js';
import { closeGate } from '../support/test-tasks.js';

describe.each(transports())('a task that is changed from outside, on %s', (transport) => {
  let app: TestApp;

  beforeAll(async () => {
    const own = await ownApp(transport, startWorker);
    app = own.app;
    return own.end;
  });

  const revise = (id: string, revision: object) => app.get(TaskControlService).revise(scope, id, revision);
  const rank = async (id: string) => {
    const [row] = await app.database.query<{ ms: number }>(
      'SELECT extract(epoch FROM rank_at)::float8 * 1000 AS ms FROM tasks WHERE id = $1::uuid',
      id,
    );
    return row?.ms ?? 0;
  };

  it('ranks by its new priority, its age kept', async () => {
    const id = await app.submit({}, { delay_ms: 600_000, priority: 1 });
    const before = await rank(id);
    expect(await revise(id, { priority: 5 })).toMatchObject({
      status: 'scheduled',
      reason: 'run_at',
      priority: 5,
    });
    expect(before - (await rank(id))).toBeCloseTo(4 * 3_600_000, -1);
    expect(await app.history(id)).toEqual(['submitted', 'revised']);
  });

  it('waits for another time, or runs at once', async () => {
    const id = await app.submit({}, { delay_ms: 600_000 });
    const run_at = '2100-01-01T00:00:00.000Z';
    expect(await revise(id, { run_at })).toMatchObject({ status: 'scheduled', run_at });
    await revise(id, { run_at: '2020-01-01T00:00:00Z' });
    expect(await app.settled(id)).toMatchObject({ status: 'completed' });
  });

  it('leaves the transport for its new place, and comes back', async () => {
    await app.database.query(`UPDATE queues SET "window" = 0`);
    const id = await app.submit();
    await app.database.query(`UPDATE queues SET "window" = 64, paused = true`);
    expect(await revise(id, { priority: 9 })).toMatchObject({ status: 'pending', priority: 9 });
    expect(await revise(id, { run_at: '2100-01-01T00:00:00Z' })).toMatchObject({
      status: 'scheduled',
      reason: 'run_at',
    });
    await app.database.query('UPDATE queues SET paused = false');
    await revise(id, { run_at: '2020-01-01T00:00:00Z', priority: 2 });
    expect(await app.settled(id)).toMatchObject({ status: 'completed', priority: 2 });
  });

  it('keeps waiting for others', async () => {
    const parent = await app.submit({}, { delay_ms: 600_000 });
    const child = await app.submit({}, { depends_on: [parent] });
    expect(await revise(child, { priority: 7 })).toMatchObject({ status: 'blocked', priority: 7 });
  });

  it('is left alone once a worker holds it, when it is final, and by a time that leaves no chance', async () => {
    const open = closeGate('held');
    const id = await app.submit({ does: 'gate', gate: 'held' });
    await app.running(id);
    await expect(revise(id, { priority: 0 })).rejects.toMatchObject({ code: 'task.not_waiting' });
    open();
    await app.settled(id);
    await expect(revise(id, { priority: 0 })).rejects.toMatchObject({ code: 'task.not_waiting' });
    const soon = new Date(Date.now() + 600_000).toISOString();
    const bound = await app.submit({}, { delay_ms: 60_000, expires_at: soon });
    await expect(revise(bound, { run_at: '2100-01-01T00:00:00Z' })).rejects.toMatchObject({
      code: 'request.invalid',
      options: { errors: [{ path: 'run_at' }] },
    });
  });

  it('is stopped by the next heartbeat when its lease went to somebody else', async () => {
    const id = await app.submit({ does: 'sleep', ms: 600_000 });
    await app.running(id);
    await app.database.transaction(async (tx) => {
      await app.database.executeIn(
        tx,
        `UPDATE tasks SET started_at = now() - interval '1 hour', max_attempts = 1 WHERE id = $1::uuid`,
        id,
      );
      expect(await app.get(TasksRepository).timeOut(tx, 0)).toMatchObject([{ id, status: 'failed' }]);
    });
    await eventually(() => app.get(RunningAttempts).size === 0);
    expect(await app.task(id)).toMatchObject({ status: 'failed', reason: 'timeout' });
    expect(await app.history(id)).not.toContain('late_result_refused');
  });

  it('is not stopped by a heartbeat that was sent before it was claimed', () => {
    const running = new RunningAttempts();
    const attempt = running.begin({ id: newId(), epoch: 1, token: newId() });
    running.stopLost(new Set(), 1_000);
    attempt.heldSinceMs = 1_000;
    running.stopLost(new Set(), 1_000);
    running.stopLost(new Set([attempt.lease.token]), 2_000);
    expect(attempt.stopReason).toBeNull();
    running.stopLost(new Set(), 2_000);
    expect(attempt.stopReason).toBe('lease_lost');
  });
});
