import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LEASE_MS } from '../../src/tasks/heartbeat.js';
import { MAX_UNSPENT_RETURNS } from '../../src/tasks/settlement.js';
import { TaskControlService } from '../../src/tasks/task-control.service.js';
import { TasksRepository } from '../../src/tasks/tasks.repository.js';
import { freshEnvironment, scope, startSubmitter, startWorker, type TestApp } from '../support/apps.js';
import { inconsistencies } from '../support/consistency.js';
import { eventually, type TestDatabase } from '../support/stack.js';
import { closeGate } from '../support/test-tasks.js';

describe('what an attempt costs', () => {
  let database: TestDatabase;
  let submitter: TestApp;
  let worker: TestApp;

  beforeAll(async () => {
    ({ database } = await freshEnvironment('postgres', {
      SHUTDOWN_TIMEOUT: '0',
      WORKER_POLL_INTERVAL: '0.05',
    }));
    submitter = await startSubmitter();
    worker = await startWorker();
  });

  afterAll(async () => {
    await eventually(async () => Object.keys(await inconsistencies(submitter.database)).length === 0).catch(
      () => undefined,
    );
    const found = await inconsistencies(submitter.database);
    await worker.close();
    await submitter.close();
    await database.drop();
    expect(found).toEqual({});
  });

  const outcomes = async (id: string) =>
    (await submitter.get(TaskControlService).attempts(scope, id, 500)).map(({ outcome }) => outcome);
  const returns = (id: string, count: number) =>
    submitter.database.query('UPDATE tasks SET returns = $2::int WHERE id = $1::uuid', id, count);
  const judge = (how: 'lose' | 'timeOut') =>
    submitter.database.transaction((tx) =>
      submitter.get(TasksRepository)[how](tx, how === 'lose' ? LEASE_MS / 1_000 : 15, 500),
    );

  it('a snooze: nothing, as often as a hundred times', async () => {
    const id = await submitter.submit(
      { does: 'snooze', times: MAX_UNSPENT_RETURNS, ms: 0 },
      { max_attempts: 1 },
    );
    expect(await submitter.settled(id, 40_000)).toMatchObject({ status: 'completed', attempts: 1 });
    expect(await outcomes(id)).toHaveLength(MAX_UNSPENT_RETURNS + 1);
  });

  it('a snooze beyond that: an attempt each, still after its own delay, until none is left', async () => {
    const id = await submitter.submit(
      { does: 'snooze', times: 9, ms: 300 },
      { max_attempts: 2, delay_ms: 400 },
    );
    await returns(id, MAX_UNSPENT_RETURNS);
    await eventually(async () =>
      expect(await submitter.task(id)).toMatchObject({ status: 'scheduled', reason: 'snooze', attempts: 1 }),
    );
    expect(await submitter.settled(id)).toMatchObject({ status: 'failed', reason: 'exhausted', attempts: 2 });
    expect(await outcomes(id)).toEqual(['snoozed', 'snoozed']);
    await returns(id, 0);
  });

  it('a wait that a called service asked for: nothing, and as long as it said', async () => {
    const id = await submitter.submit({ does: 'later', ms: 1_000 }, { max_attempts: 1 });
    const task = await submitter.settled(id);
    expect(task).toMatchObject({ status: 'completed', attempts: 1 });
    const [first, second] = await submitter.get(TaskControlService).attempts(scope, id, 10);
    expect(first).toMatchObject({ outcome: 'snoozed', error: { code: 'storage.unavailable' } });
    expect(
      Date.parse(second?.started_at ?? '') - Date.parse(first?.finished_at ?? ''),
    ).toBeGreaterThanOrEqual(1_000);
  });

  it('a crash: a crash and no attempt', async () => {
    const open = closeGate('crash');
    const id = await submitter.submit({ does: 'gate', gate: 'crash' }, { max_attempts: 1 });
    await submitter.running(id);
    // Its worker is somebody who died long ago.
    await submitter.database.query(
      `INSERT INTO workers (incarnation, name, kind, host, pid, version, queues, types, concurrency, status, last_seen_at)
       VALUES ('00000000-0000-7000-8000-000000000001', 'dead', 'pool', 'h', 1, '0', '{}', '{}', 1, 'running', now() - interval '1 hour')`,
    );
    await submitter.database.query(
      `UPDATE tasks SET worker_incarnation = '00000000-0000-7000-8000-000000000001' WHERE id = $1::uuid`,
      id,
    );
    await judge('lose');
    expect((await outcomes(id))[0]).toBe('lost');
    open();
    expect(await submitter.settled(id)).toMatchObject({ status: 'completed', attempts: 1, crashes: 1 });
    expect(await outcomes(id)).toEqual(['lost', 'completed']);
  });

  it('a timeout that nobody settled: an attempt', async () => {
    const open = closeGate('late');
    const id = await submitter.submit({ does: 'gate', gate: 'late' }, { max_attempts: 2 });
    await submitter.running(id);
    await submitter.database.query(
      `UPDATE tasks SET timeout_ms = 1000, started_at = now() - interval '1 minute' WHERE id = $1::uuid`,
      id,
    );
    await judge('timeOut');
    expect((await outcomes(id))[0]).toBe('timed_out');
    open();
    expect(await submitter.settled(id)).toMatchObject({ status: 'completed', attempts: 2, crashes: 0 });
    expect(await outcomes(id)).toEqual(['timed_out', 'completed']);
  });

  it('a timeout of the last attempt that nobody settled: the task', async () => {
    const open = closeGate('last');
    const id = await submitter.submit({ does: 'gate', gate: 'last' }, { max_attempts: 1 });
    await submitter.running(id);
    await submitter.database.query(
      `UPDATE tasks SET timeout_ms = 1000, started_at = now() - interval '1 minute' WHERE id = $1::uuid`,
      id,
    );
    await judge('timeOut');
    expect((await outcomes(id))[0]).toBe('timed_out');
    expect(await submitter.task(id)).toMatchObject({
      reason: 'timeout',
      attempts: 1,
      error: { code: 'handler.timeout' },
    });
    open();
    await eventually(async () => (await submitter.history(id)).includes('late_result_refused'));
  });

  it('a cancel of a task whose worker died: the task, whatever it is suspected of', async () => {
    const open = closeGate('cancelled');
    const id = await submitter.submit({ does: 'gate', gate: 'cancelled' });
    await submitter.running(id);
    await submitter.database.query(
      `UPDATE workers SET kind = 'isolated' WHERE incarnation = '00000000-0000-7000-8000-000000000001'`,
    );
    await submitter.database.query(
      `UPDATE tasks SET crashes = 2, cancel_requested_at = now(),
         worker_incarnation = '00000000-0000-7000-8000-000000000001' WHERE id = $1::uuid`,
      id,
    );
    await judge('lose');
    expect(await submitter.settled(id)).toMatchObject({ status: 'cancelled' });
    open();
  });
});
