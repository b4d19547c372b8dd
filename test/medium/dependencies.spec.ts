import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TaskRequest } from '../../src/tasks/new-task.js';
import { TaskControlService } from '../../src/tasks/task-control.service.js';
import { TasksService } from '../../src/tasks/tasks.service.js';
import { freshEnvironment, scope, startWorker, type TestApp } from '../support/apps.js';
import { inconsistencies } from '../support/consistency.js';
import { eventually, transports, type TestDatabase } from '../support/stack.js';

describe.each(transports())('a task that depends on others, on %s', (transport) => {
  let app: TestApp;
  let database: TestDatabase;

  beforeAll(async () => {
    ({ database } = await freshEnvironment(transport));
    app = await startWorker();
  });

  afterAll(async () => {
    const found = await eventually(async () => {
      const wrong = await inconsistencies(app.database);
      expect(wrong).toEqual({});
      return true;
    }).catch(() => inconsistencies(app.database));
    await app.close();
    await database.drop();
    expect(found).toBe(true);
  });

  const control = () => app.get(TaskControlService);
  const cancel = (id: string) => control().cancel(scope, id);
  const later = { delay_ms: 600_000 };
  const status = (id: string, expected: object) =>
    eventually(async () => {
      expect(await app.task(id)).toMatchObject(expected);
      return true;
    });
  const release = (id: string) =>
    app.database.query(`UPDATE tasks SET run_at = now() WHERE id = $1::uuid AND status = 'scheduled'`, id);

  it('waits until all of them are done, then runs', async () => {
    const parents = [await app.submit({}, later), await app.submit({}, { ...later, task_id: 'second' })];
    const child = await app.submit({}, { depends_on: [parents[0], 'second'] });
    expect(await app.task(child)).toMatchObject({ status: 'blocked', depends_on: parents.toSorted() });
    await release(parents[0] ?? '');
    await app.settled(parents[0] ?? '');
    expect((await app.task(child)).status).toBe('blocked');
    await release(parents[1] ?? '');
    const [parent, done] = [await app.settled(parents[1] ?? ''), await app.settled(child)];
    expect(done).toMatchObject({ status: 'completed', attempts: 1 });
    expect(Date.parse(done.started_at ?? '')).toBeGreaterThanOrEqual(Date.parse(parent.finished_at ?? ''));
    expect(await app.history(child)).toEqual(['submitted', 'unblocked', 'claimed', 'completed']);
  });

  it('runs at once when they are done already', async () => {
    const parent = await app.submit();
    await app.settled(parent);
    const child = await app.submit({}, { depends_on: [parent] });
    expect(await app.settled(child)).toMatchObject({ status: 'completed', depends_on: [parent] });
  });

  it('waits for its delay only from then on', async () => {
    const parent = await app.submit({}, later);
    const child = await app.submit({}, { depends_on: [parent], delay_ms: 60_000 });
    const dated = await app.submit({}, { depends_on: [parent], run_at: '2100-01-01T00:00:00Z' });
    expect(await app.task(child)).toMatchObject({ status: 'blocked', run_at: null });
    await release(parent);
    await status(child, { status: 'scheduled', reason: 'dependency_delay' });
    await status(dated, { status: 'scheduled', reason: 'run_at', run_at: '2100-01-01T00:00:00.000Z' });
    const { run_at } = await app.task(child);
    expect(Date.parse(run_at ?? '') - Date.parse((await app.task(parent)).finished_at ?? '')).toBeGreaterThan(
      59_000,
    );
  });

  it('fails with the first of them that does not complete, and takes a whole chain along', async () => {
    const parent = await app.submit({}, later);
    const child = await app.submit({}, { depends_on: [parent, await app.submit({}, later)] });
    const grandchild = await app.submit({}, { depends_on: [child] });
    await cancel(parent);
    await status(grandchild, { status: 'failed', reason: 'dependency_failed', started_at: null });
    expect(await app.task(child)).toMatchObject({
      status: 'failed',
      reason: 'dependency_failed',
      error: { code: 'dependency.failed', message: expect.stringContaining(parent) as string },
    });
  });

  it('does as its policy says', async () => {
    const parent = await app.submit({}, later);
    const child = (on_dependency_failure: string) =>
      app.submit({}, { depends_on: [parent], on_dependency_failure });
    const [fails, cancels, ignores] = [await child('fail'), await child('cancel'), await child('ignore')];
    await cancel(parent);
    expect((await app.settled(fails)).status).toBe('failed');
    expect((await app.settled(cancels)).status).toBe('cancelled');
    expect((await app.settled(ignores)).status).toBe('completed');
    const [late, careless] = [await child('fail'), await child('ignore')];
    expect(await app.settled(late)).toMatchObject({ status: 'failed', reason: 'dependency_failed' });
    expect((await app.settled(careless)).status).toBe('completed');
  });

  it('lives again with the one that took it along, through a whole chain', async () => {
    const parent = await app.submit({ does: 'reject' }, later);
    const child = await app.submit({}, { depends_on: [parent] });
    const grandchild = await app.submit({}, { depends_on: [child], on_dependency_failure: 'cancel' });
    await release(parent);
    await status(grandchild, { status: 'cancelled', reason: 'dependency_failed' });
    await control().retry(scope, parent, {});
    expect((await app.settled(parent)).status).toBe('completed');
    await status(grandchild, { status: 'completed', reason: null, error: null });
    expect(await app.task(child)).toMatchObject({ status: 'completed', reason: null, error: null });
  });

  it('asks again when it is run again itself', async () => {
    const parent = await app.submit({ does: 'reject' }, later);
    const child = await app.submit({}, { depends_on: [parent] });
    await cancel(child);
    await control().retry(scope, child);
    expect((await app.task(child)).status).toBe('blocked');
    await release(parent);
    await status(child, { status: 'failed', reason: 'dependency_failed' });
    await control().retry(scope, child);
    await status(child, { status: 'failed', reason: 'dependency_failed' });
    await control().retry(scope, parent, {});
    expect((await app.settled(parent)).status).toBe('completed');
    await status(child, { status: 'completed' });
  });

  it('is one of a batch, and so may be what it depends on', async () => {
    const tasks: TaskRequest[] = [
      { type: 'test.scripted', payload: { does: 'reject' }, task_id: 'load' },
      { type: 'test.scripted', payload: {}, depends_on: ['load'], task_id: 'transform' },
      { type: 'test.scripted', payload: {}, depends_on: ['transform', 'load'] },
    ];
    const { answer } = await app.get(TasksService).submitBatch(scope, { tasks });
    const batch = () => control().batch(scope, answer.batch_id);
    await eventually(async () => (await batch()).finished);
    expect(await batch()).toMatchObject({ counts: { failed: 3 }, generation: 1 });
    await control().retry(scope, 'load', {});
    await eventually(async () => expect(await batch()).toMatchObject({ counts: { completed: 3 } }) ?? true);
    expect(await batch()).toMatchObject({ remaining: 0, finished: true });
  });

  it('names tasks that are there, and says which are not', async () => {
    const parent = await app.submit({}, later);
    await expect(app.submit({}, { depends_on: [parent, 'nobody'] })).rejects.toMatchObject({
      code: 'dependency.unknown',
      options: { errors: [{ path: 'depends_on.1', message: expect.stringContaining('nobody') as string }] },
    });
    await expect(app.submit({}, { task_id: 'ouroboros', depends_on: ['ouroboros'] })).rejects.toMatchObject({
      code: 'dependency.unknown',
    });
    const tasks = [
      { type: 'test.scripted', payload: {}, depends_on: ['comes-later'] },
      { type: 'test.scripted', payload: {}, task_id: 'comes-later' },
    ];
    await expect(app.get(TasksService).submitBatch(scope, { tasks })).rejects.toMatchObject({
      options: { errors: [{ path: 'tasks.0.depends_on.0' }] },
    });
    const stranger = app
      .get(TasksService)
      .submit({ tenantId: 'other' }, { type: 'test.scripted', payload: {}, depends_on: [parent] });
    await expect(stranger).rejects.toMatchObject({ code: 'dependency.unknown' });
  });

  it('is cancelled while it waits, and is not woken by an end that comes after', async () => {
    const parent = await app.submit({}, later);
    const child = await app.submit({}, { depends_on: [parent] });
    await cancel(child);
    await release(parent);
    await app.settled(parent);
    await eventually(async () => {
      const rows = await app.database.query(
        'SELECT FROM task_dependencies WHERE task_id = $1::uuid AND news',
        child,
      );
      return rows.length === 0;
    });
    expect(await app.task(child)).toMatchObject({ status: 'cancelled', started_at: null });
  });
});
