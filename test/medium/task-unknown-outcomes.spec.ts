import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../src/kernel/ids.js';
import { Heartbeat } from '../../src/tasks/heartbeat.js';
import { Leases } from '../../src/tasks/leases.js';
import { TaskControlService } from '../../src/tasks/task-control.service.js';
import { taskRepaired } from '../../src/tasks/task-telemetry.js';
import { freshEnvironment, scope, startSubmitter, startWorker, type TestApp } from '../support/apps.js';
import { inconsistencies } from '../support/consistency.js';
import { isClaim, isSettle, isSubmit, loseNextReply } from '../support/lost-replies.js';
import { eventually, transports, type TestDatabase } from '../support/stack.js';
import { timesRan } from '../support/test-tasks.js';

describe.each(transports())('an answer of Postgres that never arrives, on %s', (transport) => {
  let app: TestApp;
  let database: TestDatabase;
  const repairs: Record<string, number> = {};
  let unsubscribe: () => void;

  beforeEach(async () => {
    ({ database } = await freshEnvironment(transport));
    app = await startWorker();
    for (const kind of Object.keys(repairs)) delete repairs[kind];
    unsubscribe = taskRepaired.subscribe(({ kind, count }) => (repairs[kind] = (repairs[kind] ?? 0) + count));
  });

  afterEach(async () => {
    unsubscribe();
    const found = await inconsistencies(app.database);
    await app.close();
    await database.drop();
    expect(found).toEqual({});
  });

  it('a submit: the task is there once and runs once', async () => {
    const lost = loseNextReply(app, isSubmit);
    const id = await app.submit({ value: 7 });
    expect(lost()).toBe(1);
    expect(await app.settled(id)).toMatchObject({ status: 'completed', result: 7, attempts: 1 });
    expect(await app.database.query('SELECT id FROM tasks')).toEqual([{ id }]);
    expect(timesRan(id)).toBe(1);
    // It was published like any other: nobody had to find it.
    expect(await app.history(id)).toEqual(['submitted', 'claimed', 'completed']);
  });

  it('a claim: the task runs once', async () => {
    const lost = loseNextReply(app, isClaim);
    const id = await app.submit();
    expect(await app.settled(id)).toMatchObject({ status: 'completed', attempts: 1, crashes: 0 });
    expect([lost(), timesRan(id)]).toEqual([1, 1]);
  });

  it('a settlement: the task settles once', async () => {
    const lost = loseNextReply(app, isSettle);
    const id = await app.submit({ value: 'once' });
    expect(await app.settled(id)).toMatchObject({ status: 'completed', result: 'once', attempts: 1 });
    await eventually(() => lost() === 1);
    expect(await app.history(id)).toEqual(['submitted', 'claimed', 'completed']);
  });

  it('a settlement of a cancelled task: nothing was refused', async () => {
    const id = await app.submit({ does: 'sleep', ms: 60_000 });
    await app.running(id);
    const lost = loseNextReply(app, isSettle);
    await app.get(TaskControlService).cancel(scope, id);
    expect(await app.settled(id)).toMatchObject({ status: 'cancelled' });
    await eventually(() => lost() === 1);
    await eventually(async () => (await app.history(id)).includes('cancelled'));
    expect(await app.history(id)).toEqual(['submitted', 'claimed', 'cancel_requested', 'cancelled']);
  });

  it('a claim that nobody ever hears of: the heartbeat gives the row back, and it runs once', async () => {
    const lost = loseNextReply(app, isClaim, new Error('the process forgot what it asked'));
    const id = await app.submit();
    await eventually(() => lost() === 1);
    expect(await app.settled(id)).toMatchObject({ status: 'completed', attempts: 1, crashes: 0 });
    expect(timesRan(id)).toBe(1);
    expect(await app.history(id)).toEqual(['submitted', 'claimed', 'interrupted', 'claimed', 'completed']);
    await eventually(() => repairs['forgotten'] === 1);
  });

  it('a heartbeat that was read before a task settled and arrives after: nothing is given back', async () => {
    const id = await app.submit();
    await app.settled(id);
    const [row] = await app.database.query<{ epoch: number; lease_token: string }>(
      'SELECT epoch, lease_token FROM task_attempts WHERE task_id = $1::uuid',
      id,
    );
    const heartbeat = app.get(Heartbeat) as unknown as { hear(rows: object[]): void };
    heartbeat.hear([{ id, ...row, cancel: false, old: true }]);
    const next = await app.submit();
    await app.settled(next);
    expect(await app.history(id)).toEqual(['submitted', 'claimed', 'completed']);
    expect(repairs['forgotten']).toBeUndefined();
  });
});

describe('a row that the transport delivers twice', () => {
  it('is claimed once, though both claims share a batch', async () => {
    const { database } = await freshEnvironment('postgres');
    const [submitter, worker] = [await startSubmitter(), await startWorker()];
    await submitter.database.query(`UPDATE queues SET paused = true`);
    const [first, id] = [await submitter.submit(), await submitter.submit()];
    await worker.close();
    await submitter.database.query(
      `UPDATE tasks SET status = 'queued', epoch = 1, queued_at = now() WHERE id = ANY($1::uuid[])`,
      [first, id],
    );
    await submitter.database.query(`UPDATE queues SET paused = false`);
    const other = await startWorker();
    const claim = (task: string) =>
      other.get(Leases).claim({ id: task, queue: 'default', epoch: 1, token: newId() });
    const [, , ...twice] = await Promise.all([claim(first), claim(newId()), claim(id), claim(id)]);
    expect(twice.filter((task) => task?.verdict === 'claimed')).toHaveLength(1);
    await other.close();
    await submitter.close();
    await database.drop();
  });
});
