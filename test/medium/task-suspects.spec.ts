import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../src/kernel/ids.js';
import { TaskControlService } from '../../src/tasks/task-control.service.js';
import { TasksRepository } from '../../src/tasks/tasks.repository.js';
import { Wire } from '../support/wire.js';
import { freshEnvironment, scope, startSubmitter, type TestApp } from '../support/apps.js';
import { inconsistencies } from '../support/consistency.js';
import { eventually, type TestDatabase } from '../support/stack.js';
import { Supervisor, TestWorker, type Variables } from '../support/test-worker.js';

describe('tasks whose worker died', () => {
  let database: TestDatabase;
  let variables: Variables;
  let submitter: TestApp;
  const processes: Array<{ stop?: () => Promise<void>; kill?: () => Promise<void> }> = [];

  beforeEach(async () => {
    ({ database, variables } = await freshEnvironment('postgres', { SHUTDOWN_TIMEOUT: '1' }));
    submitter = await startSubmitter();
    await submitter.get(TasksRepository).ensureQueues(['default']);
  });

  afterEach(async () => {
    for (const process of processes.splice(0)) await (process.stop?.() ?? process.kill?.());
    const found = await inconsistencies(submitter.database);
    await submitter.close();
    await database.drop();
    expect(found).toEqual({});
  });

  const statuses = async () => {
    const rows = await submitter.database.query<{ status: string; n: number }>(
      'SELECT status, count(*)::int AS n FROM tasks GROUP BY 1',
    );
    return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
  };

  it('49 innocents complete, and the one that kills its process is poison', async () => {
    await submitter.database.query('UPDATE queues SET paused = true');
    // The killer comes last: whoever is claimed with it, or a little before, runs beside it when it strikes.
    for (let at = 0; at < 49; at += 1) await submitter.submit({ does: 'sleep', ms: 300 });
    const killer = await submitter.submit({ does: 'kill', ms: 50 });
    const supervisor = new Supervisor(variables);
    processes.push(supervisor);
    await eventually(() => supervisor.current, { timeoutMs: 30_000 });
    await submitter.database.query('UPDATE queues SET paused = false');
    await eventually(async () => (await statuses())['completed'] === 49, {
      timeoutMs: 120_000,
      everyMs: 250,
    });
    expect(await submitter.settled(killer, 60_000)).toMatchObject({
      status: 'failed',
      reason: 'poison',
      crashes: 3,
      error: { code: 'handler.crashed' },
    });
    expect(await statuses()).toEqual({ completed: 49, failed: 1 });
    // Two deaths made suspects of all that ran beside the killer; the third was the isolated child's alone.
    expect(supervisor.starts).toBe(3);
    const [{ suspects } = { suspects: 0 }] = await submitter.database.query<{ suspects: number }>(
      'SELECT count(*)::int AS suspects FROM tasks WHERE crashes = 2',
    );
    expect(suspects).toBeGreaterThan(20);
  }, 200_000);

  it('a suspect runs again when its isolated process died with nothing to do', async () => {
    const worker = await TestWorker.start(variables);
    processes.push(worker);
    const suspect = async (payload = {}) => {
      const id = await submitter.submit(payload, { delay_ms: 500 });
      await submitter.database.query('UPDATE tasks SET crashes = 2 WHERE id = $1::uuid', id);
      return id;
    };
    expect(await submitter.settled(await suspect(), 30_000)).toMatchObject({
      status: 'completed',
      crashes: 2,
    });
    const [child] = await submitter.database.query<{ pid: number }>(
      `SELECT pid FROM workers WHERE kind = 'isolated'`,
    );
    process.kill(child?.pid ?? 0, 'SIGKILL');
    await eventually(() => !isAlive(child?.pid ?? 0));
    expect(await submitter.settled(await suspect(), 30_000)).toMatchObject({
      status: 'completed',
      crashes: 2,
    });
    // Asked to stop, one does there as anywhere.
    const long = await suspect({ does: 'sleep', ms: 600_000 });
    await eventually(async () => (await submitter.task(long)).status === 'processing', {
      timeoutMs: 30_000,
    });
    await submitter.get(TaskControlService).cancel(scope, long);
    expect(await submitter.settled(long, 30_000)).toMatchObject({ status: 'cancelled', crashes: 2 });
    expect(worker.isAlive).toBe(true);
    await submitter.database.query('UPDATE tasks SET crashes = 0');
  }, 150_000);

  it('an outage of Postgres does not end the isolated process', async () => {
    const wire = await Wire.to(Number(new URL(database.url).port));
    const through = { ...variables, DATABASE_URL: wire.through(database.url) };
    const isolated = await TestWorker.start(through, ['--isolated']);
    processes.push(isolated);
    await wire.close();
    const answer = once(isolated.process, 'message');
    isolated.process.send({ queue: 'default', type: 'test.scripted', taskId: newId(), epoch: 1 });
    expect(await answer).toEqual([{ done: true }, undefined]);
    const again = once(isolated.process, 'message').then(() => 'alive');
    isolated.process.send({ queue: 'default', type: 'test.unknown', taskId: newId(), epoch: 1 });
    expect(await Promise.race([again, isolated.ended.then(() => 'dead')])).toBe('alive');
  }, 60_000);

  it('a suspect that does not stop leaves no next one beside it', async () => {
    const isolated = await TestWorker.start(variables, ['--isolated']);
    processes.push(isolated);
    await submitter.database.query('UPDATE queues SET paused = true');
    const id = await submitter.submit(
      { does: 'ignore_stop', ms: 60_000 },
      { timeout_ms: 200, max_attempts: 1 },
    );
    await submitter.database.transaction(async (tx) => {
      await submitter.database.executeIn(tx, 'UPDATE queues SET paused = false');
      await submitter.get(TasksRepository).dispatch(tx, 'default');
    });
    isolated.process.send({ queue: 'default', type: 'test.scripted', taskId: id, epoch: 1 });
    expect(await submitter.settled(id)).toMatchObject({ status: 'failed', reason: 'timeout' });
    await eventually(() => !isolated.isAlive);
  }, 60_000);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
