import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/kernel/ids.js';
import { TaskControlService } from '../../src/tasks/task-control.service.js';
import { TasksRepository } from '../../src/tasks/tasks.repository.js';
import { freshEnvironment, scope, startSubmitter, startWorker, type TestApp } from '../support/apps.js';
import { eventually, type TestDatabase } from '../support/stack.js';

/** What a history must be, whatever happened: in order, without repetition, and what row and attempts say too. */
async function expectAgreement(app: TestApp, id: string): Promise<void> {
  const control = app.get(TaskControlService);
  const [task, attempts, history] = [
    await app.task(id),
    await control.attempts(scope, id, 100),
    await historyInPages(app, id, 1_000),
  ];
  const times = history.map(({ at }) => at);
  expect(times).toEqual(times.toSorted());
  const lines = history.map(({ event, at, detail }) => JSON.stringify([event, at, detail]));
  expect(new Set(lines).size).toBe(lines.length);
  const ends = history.filter(({ event }) => attempts.some(({ outcome }) => outcome === event));
  expect(ends.map(({ event, at }) => [event, at])).toEqual(
    expect.arrayContaining(attempts.map(({ outcome, finished_at }) => [outcome, finished_at])),
  );
  expect(history.filter(({ event }) => event === 'claimed')).toHaveLength(attempts.length);
  if (task?.finished_at) expect(times.at(-1)).toBe(task.finished_at);
  for (const limit of [1, 2]) expect(await historyInPages(app, id, limit)).toEqual(history);
}

async function historyInPages(app: TestApp, id: string, limit: number) {
  const control = app.get(TaskControlService);
  let page = await control.history(scope, id, limit + 1);
  const history = page.slice(0, limit);
  while (page.length > limit) {
    page = await control.history(scope, id, limit + 1, page[limit - 1]?.place);
    history.push(...page.slice(0, limit));
  }
  return history.map(({ view }) => view);
}

describe('the history of a task', () => {
  let database: TestDatabase;
  let app: TestApp;

  beforeAll(async () => {
    ({ database } = await freshEnvironment('postgres'));
    app = await startWorker();
  });

  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  it.each([
    ['completes', {}, {}, ['claimed', 'completed']],
    ['is rejected', { does: 'reject' }, {}, ['claimed', 'rejected', 'dead_lettered']],
    [
      'fails until its attempts are spent',
      { does: 'throw', times: 9 },
      { max_attempts: 2 },
      ['claimed', 'failed', 'claimed', 'failed', 'dead_lettered'],
    ],
    ['snoozes once', { does: 'snooze', ms: 1 }, {}, ['claimed', 'snoozed', 'claimed', 'completed']],
    [
      'runs out of time',
      { does: 'sleep', ms: 60_000 },
      { timeout_ms: 100, max_attempts: 1 },
      ['claimed', 'timed_out', 'dead_lettered'],
    ],
  ])('that %s tells each step once, in order', async (_, payload, options, steps) => {
    const id = await app.submit(payload, options);
    await app.settled(id, 30_000);
    expect(await app.history(id)).toEqual(['submitted', ...steps]);
    await expectAgreement(app, id);
  });

  it('that is cancelled tells so, waiting or running', async () => {
    const control = app.get(TaskControlService);
    const waiting = await app.submit({}, { delay_ms: 600_000 });
    await control.cancel(scope, waiting);
    expect(await app.history(waiting)).toEqual(['submitted', 'cancel_requested', 'cancelled']);
    const running = await app.submit({ does: 'sleep', ms: 60_000 });
    await eventually(async () => (await app.task(running))?.status === 'processing', { timeoutMs: 30_000 });
    await control.cancel(scope, running);
    await app.settled(running, 30_000);
    expect(await app.history(running)).toEqual(['submitted', 'claimed', 'cancel_requested', 'cancelled']);
    for (const id of [waiting, running]) await expectAgreement(app, id);
  });
});

describe('what was repaired', () => {
  let database: TestDatabase;
  let app: TestApp;
  let tasks: TasksRepository;

  beforeAll(async () => {
    ({ database } = await freshEnvironment('postgres'));
    app = await startSubmitter();
    tasks = app.get(TasksRepository);
    await tasks.ensureQueues(['default']);
  });

  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  const epochOf = async (id: string) => {
    const [row] = await app.database.query<{ epoch: number }>(
      'SELECT epoch FROM tasks WHERE id = $1::uuid',
      id,
    );
    return row.epoch;
  };
  const queued = async (options: Record<string, unknown> = {}) => {
    const id = await app.submit({}, options);
    await eventually(async () => (await app.task(id))?.status === 'queued', { timeoutMs: 30_000 });
    return { id, epoch: await epochOf(id) };
  };
  const claim = async (row: { id: string; epoch: number }) => {
    const lease = { ...row, queue: 'default', token: newId() };
    const incarnation = newId();
    await app.database.query(
      `INSERT INTO workers (incarnation, name, kind, host, pid, version, queues, types, concurrency, status)
       VALUES ($1::uuid, 'w', 'pool', 'h', 1, '0', '{}', '{}', 1, 'running')`,
      incarnation,
    );
    const [claimed] = await app.database.transaction((tx) =>
      tasks.claim(tx, [lease], { incarnation, suspects: false }),
    );
    return { verdict: claimed.verdict, incarnation };
  };

  it('stands there: withdrawn, postponed once in a while, redispatched', async () => {
    const row = await queued();
    await app.database.transaction((tx) => tasks.redispatch(tx, [row], 'a test'));
    await app.database.query('UPDATE queues SET paused = true');
    const { verdict } = await claim({ ...row, epoch: row.epoch + 1 });
    expect(verdict).toBe('withdrawn');
    await app.database.query('UPDATE queues SET paused = false');
    for (let time = 0; time < 2; time += 1) {
      await eventually(async () => (await app.task(row.id))?.status === 'queued', { timeoutMs: 30_000 });
      const again = { id: row.id, epoch: await epochOf(row.id) };
      await tasks.postpone(again, { delaySeconds: 0, reason: 'retry', why: 'a test' });
    }
    expect(await app.history(row.id)).toEqual(['submitted', 'redispatched', 'withdrawn', 'postponed']);
    await expectAgreement(app, row.id);
  });

  it('stands there: an attempt that nobody settled, and a worker that was lost', async () => {
    const late = await queued({ max_attempts: 1 });
    await claim(late);
    await app.database.query(
      `UPDATE tasks SET started_at = now() - interval '1 hour', created_at = now() - interval '2 hours' WHERE id = $1::uuid`,
      late.id,
    );
    await app.database.transaction((tx) => tasks.timeOut(tx, 15));
    expect(await app.history(late.id)).toEqual([
      'submitted',
      'claimed',
      'timed_out',
      'timeout_enforced',
      'dead_lettered',
    ]);
    const orphan = await queued();
    const { incarnation } = await claim(orphan);
    await app.database.query(`UPDATE workers SET status = 'lost' WHERE incarnation = $1::uuid`, incarnation);
    await app.database.transaction((tx) => tasks.lose(tx, 12, 10));
    expect(await app.history(orphan.id)).toEqual(['submitted', 'claimed', 'lost']);
    for (const { id } of [late, orphan]) await expectAgreement(app, id);
  });
});
