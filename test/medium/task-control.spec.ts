import { beforeAll, describe, expect, it } from 'vitest';
import { TaskControlService } from '../../src/tasks/task-control.service.js';
import { Submissions } from '../../src/tasks/submissions.js';
import { TaskMaker } from '../../src/tasks/new-task.js';
import { TasksRepository } from '../../src/tasks/tasks.repository.js';
import { scope, startSubmitter, type TestApp } from '../support/apps.js';
import { elsewhere } from '../support/elsewhere.js';
import { ownApp } from '../support/own-app.js';

describe('tasks that share a unique key', () => {
  let app: TestApp;

  beforeAll(async () => {
    const own = await ownApp('postgres', startSubmitter);
    app = own.app;
    return own.end;
  });

  const cancel = (id: string) => app.get(TaskControlService).cancel(scope, id);
  const make = (more: object = {}) =>
    app.get(TaskMaker).make(scope, { type: 'test.scripted', payload: {}, ...more });

  it('live one at a time: an old one is not replayed beside a live one', async () => {
    const old = await app.submit({}, { unique_key: 'nightly' });
    await cancel(old);
    const live = await app.submit({}, { unique_key: 'nightly' });
    await expect(app.get(TaskControlService).retry(scope, old)).rejects.toMatchObject({
      code: 'task.not_retryable',
    });
    expect((await app.task(old)).status).toBe('cancelled');
    await cancel(live);
    await app.get(TaskControlService).retry(scope, old);
    expect((await app.task(old)).finished_at).toBeNull();
  });

  it('do not fail their neighbours when the holder ends between the insert and the look', async () => {
    const holder = await app.submit({}, { unique_key: 'hot' });
    const tasks = app.get(TasksRepository);
    const classify = tasks.classify.bind(tasks);
    let ended = false;
    tasks.classify = async (tx, missing) => {
      if (!ended) await elsewhere(() => cancel(holder));
      ended = true;
      return classify(tx, missing);
    };
    const neighbours = Array.from({ length: 20 }, () => make());
    const late = make({ unique_key: 'hot' });
    const submissions = app.get(Submissions);
    const answers = await Promise.all([...neighbours, late].map((task) => submissions.submit(task)));
    tasks.classify = classify;
    expect(ended).toBe(true);
    expect(answers.every((answer) => 'placed' in answer)).toBe(true);
    expect(await app.task(late.id)).toMatchObject({ task_id: late.id });
  });
});
