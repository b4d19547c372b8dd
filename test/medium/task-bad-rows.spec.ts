import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TaskControlService } from '../../src/tasks/task-control.service.js';
import { TaskMaker } from '../../src/tasks/new-task.js';
import { Submissions } from '../../src/tasks/submissions.js';
import { TaskPublisher } from '../../src/tasks/task-publisher.js';
import { TasksService } from '../../src/tasks/tasks.service.js';
import { freshEnvironment, scope, startWorker, type TestApp } from '../support/apps.js';
import { eventually, type TestDatabase } from '../support/stack.js';

describe('one bad row among many', () => {
  let app: TestApp;
  let database: TestDatabase;

  beforeAll(async () => {
    ({ database } = await freshEnvironment('postgres'));
    app = await startWorker();
  });

  afterAll(async () => {
    await app?.close();
    await database?.drop();
  });

  const settled = (id: string, timeoutMs = 10_000) =>
    eventually(
      async () => {
        const task = await app.task(id);
        expect(['completed', 'failed', 'cancelled']).toContain(task.status);
        return task;
      },
      { timeoutMs },
    );
  const make = (payload: object = {}) =>
    app.get(TaskMaker).make(scope, { type: 'test.scripted', payload: payload as never });
  /** Past the edge, where it would have been refused. */
  const submitAll = async (tasks: ReturnType<typeof make>[]) => {
    const answers = await Promise.allSettled(tasks.map((task) => app.get(Submissions).submit(task)));
    for (const answer of answers) {
      if (answer.status === 'fulfilled' && 'placed' in answer.value)
        app.get(TaskPublisher).publish([answer.value.placed]);
    }
    return answers;
  };

  it.each<[string, (task: ReturnType<typeof make>) => void]>([
    ['a NUL character', (task) => (task.payload = { value: 'a\0b' })],
    ['half a surrogate pair', (task) => (task.payload = { value: '\ud800' })],
    ['a delay that no calendar holds', (task) => (task.delay_ms = 1e300)],
    ['no attempts at all', (task) => (task.max_attempts = 0)],
  ])('a task with %s is refused alone: 127 of 128 are accepted and run', async (_, spoil) => {
    const tasks = Array.from({ length: 128 }, () => make());
    const bad = tasks[57] ?? make();
    spoil(bad);
    const answers = await submitAll(tasks);
    const refused = answers.flatMap((answer, at) =>
      answer.status === 'rejected' ? [{ at, reason: answer.reason }] : [],
    );
    expect(refused).toMatchObject([{ at: 57, reason: { code: 'payload.unstorable' } }]);
    for (const { id } of tasks)
      if (id !== bad.id) expect(await settled(id)).toMatchObject({ status: 'completed', attempts: 1 });
    await expect(app.task(bad.id)).rejects.toMatchObject({ code: 'task.not_found' });
  });

  it.each(['bigint', 'circular'])(
    'a %s result fails its own task, once and for good, and no other',
    async (value) => {
      const ids = await Promise.all(
        Array.from({ length: 64 }, (_, at) => app.submit(at === 20 ? { does: 'odd', value } : {})),
      );
      for (const [at, id] of ids.entries()) {
        const task = await settled(id);
        if (at !== 20) expect(task).toMatchObject({ status: 'completed', attempts: 1 });
        else
          expect(task).toMatchObject({
            status: 'failed',
            reason: 'permanent',
            attempts: 1,
            error: { code: 'result.unstorable' },
          });
      }
    },
  );

  it('a NUL result fails its own task, and no other', async () => {
    const ids = await Promise.all(
      Array.from({ length: 64 }, (_, at) => app.submit(at === 20 ? { does: 'nul' } : {})),
    );
    const statuses = await Promise.all(ids.map(async (id) => (await settled(id)).status));
    expect(statuses.filter((status) => status === 'completed')).toHaveLength(63);
    expect(statuses[20]).toBe('failed');
  });

  it('a log line that cannot be stored is stored without what is wrong with it', async () => {
    const task = await settled(await app.submit({ does: 'odd', value: 'log' }));
    expect(task).toMatchObject({ status: 'completed', attempts: 1 });
    const [line] = await app.get(TaskControlService).logs(scope, task.task_id, 10);
    expect(line?.view).toMatchObject({ message: 'ab \ufffd' });
  });

  it('an error text that cannot be stored does not change what the handler decided', async () => {
    const task = await settled(await app.submit({ does: 'odd', value: 'error' }));
    expect(task).toMatchObject({
      status: 'failed',
      attempts: 1,
      error: { code: 'document.corrupt', message: 'ab \ufffd' },
    });
  });

  it('a handler that answers nothing has failed', async () => {
    const task = await settled(await app.submit({ does: 'odd', value: 'nothing' }, { max_attempts: 1 }));
    expect(task).toMatchObject({ status: 'failed', reason: 'exhausted', error: { code: 'handler.failed' } });
  });

  it("a tag that cannot be stored is the caller's fault, by every door", async () => {
    const tasks = app.get(TasksService);
    const request = { type: 'test.scripted', payload: {}, tags: ['a\0b'] };
    const refusal = { code: 'payload.unstorable' };
    await expect(tasks.submit(scope, request)).rejects.toMatchObject(refusal);
    await expect(tasks.submit(scope, request, { idempotencyKey: 'k' })).rejects.toMatchObject(refusal);
    await expect(tasks.submitBatch(scope, { tasks: [request] })).rejects.toMatchObject(refusal);
  });
});
