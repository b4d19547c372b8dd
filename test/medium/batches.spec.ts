import { beforeAll, describe, expect, it } from 'vitest';
import type { Tx } from '../../src/database/transaction.js';
import { CallbackPolicy } from '../../src/tasks/callback-policy.js';
import { TaskControlService } from '../../src/tasks/task-control.service.js';
import { TaskMaker } from '../../src/tasks/new-task.js';
import { TaskObservers, type EndedBatch, type EndedTask } from '../../src/tasks/task-observers.js';
import { TasksRepository } from '../../src/tasks/tasks.repository.js';
import { TasksService } from '../../src/tasks/tasks.service.js';
import { scope, startWorker, type TestApp } from '../support/apps.js';
import { ownApp } from '../support/own-app.js';
import { eventually, transports } from '../support/stack.js';

class AnyCallback extends CallbackPolicy {
  check(): void {}
}

/** Remembers what it was told, and in which transactions. */
class Listener {
  readonly tasks: EndedTask[] = [];
  readonly batches: EndedBatch[] = [];
  refuses = false;

  async tasksEnded(_: Tx, ended: readonly EndedTask[]): Promise<void> {
    if (this.refuses) throw new Error('the listener fails');
    this.tasks.push(...ended);
  }

  async batchesEnded(_: Tx, ended: readonly EndedBatch[]): Promise<void> {
    this.batches.push(...ended);
  }
}

describe.each(transports())('a batch on %s', (transport) => {
  let app: TestApp;
  const listener = new Listener();

  beforeAll(async () => {
    const own = await ownApp(transport, startWorker);
    app = own.app;
    app.get(TaskObservers).add(listener);
    Object.assign(app.get(TaskMaker), { callbacks: new AnyCallback() });
    return own.end;
  });

  const batch = (id: string) => app.get(TaskControlService).batch(scope, id);
  const finished = (id: string) => eventually(async () => (await batch(id)).finished && batch(id));
  const submit = async (payloads: object[], more: Record<string, unknown> = {}) => {
    const tasks = payloads.map((payload) => ({ type: 'test.scripted', payload: payload as never }));
    return (await app.get(TasksService).submitBatch(scope, { tasks, ...more })).answer;
  };

  it('ends with its last member, and who listens hears of both once', async () => {
    const { batch_id, task_ids } = await submit([{}, { does: 'reject' }, {}], {
      callback_url: 'https://example.com/batch',
    });
    expect(await finished(batch_id)).toMatchObject({
      total: 3,
      remaining: 0,
      generation: 1,
      callback_url: 'https://example.com/batch',
      counts: { completed: 2, failed: 1 },
    });
    const heard = listener.tasks.filter((task) => task.batch_id === batch_id).map(({ id }) => id);
    expect(heard.toSorted()).toEqual(task_ids.toSorted());
    expect(listener.batches.filter(({ id }) => id === batch_id)).toEqual([
      { id: batch_id, tenant_id: 'default', generation: 1, callback_url: 'https://example.com/batch' },
    ]);
  });

  it('begins a new generation when a member runs again after its end', async () => {
    const { batch_id, task_ids } = await submit([{ does: 'throw', times: 3 }, {}]);
    await finished(batch_id);
    const [failed = ''] = task_ids;
    await app.get(TaskControlService).retry(scope, failed);
    expect(await batch(batch_id)).toMatchObject({ generation: 2 });
    await finished(batch_id);
    expect(listener.batches.filter(({ id }) => id === batch_id).map(({ generation }) => generation)).toEqual([
      1, 2,
    ]);
  });

  it('keeps its generation when a member runs again before its end', async () => {
    const tasks = [{ type: 'test.scripted' }, { type: 'test.scripted', delay_ms: 60_000 }];
    const { answer } = await app.get(TasksService).submitBatch(scope, {
      tasks: tasks.map((task) => ({ payload: { does: 'reject' }, ...task })),
    });
    const [first = '', second = ''] = answer.task_ids;
    await app.settled(first);
    await app.get(TaskControlService).retry(scope, first, {});
    await app.settled(first);
    expect(await batch(answer.batch_id)).toMatchObject({ remaining: 1, generation: 1, finished: false });
    await app.get(TaskControlService).cancel(scope, second);
    expect(await batch(answer.batch_id)).toMatchObject({ remaining: 0, generation: 1, finished: true });
  });

  it('tells what a single task owes to whoever gave a callback', async () => {
    const id = await app.submit({}, { callback_url: 'https://example.com/task' });
    await app.settled(id);
    expect(listener.tasks.filter((task) => task.id === id)).toMatchObject([
      { status: 'completed', queue: 'default', callback_url: 'https://example.com/task', batch_id: null },
    ]);
  });

  it('undoes an end whose consequences cannot be written', async () => {
    const id = await app.submit({}, { delay_ms: 60_000 });
    listener.refuses = true;
    const cancelled = app.database.transaction((tx) => app.get(TasksRepository).cancel(tx, [id]));
    await expect(cancelled).rejects.toThrow('the listener fails');
    listener.refuses = false;
    expect((await app.task(id)).status).toBe('scheduled');
  });
});
