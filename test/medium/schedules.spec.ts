import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fault } from '../../src/kernel/fault.js';
import { newId } from '../../src/kernel/ids.js';
import { SchedulesApiModule } from '../../src/schedules/schedules.module.js';
import { CreateSchedule } from '../../src/schedules/schedules.contract.js';
import { SchedulesRepository } from '../../src/schedules/schedules.repository.js';
import { SchedulesService } from '../../src/schedules/schedules.service.js';
import { ScheduleSweep } from '../../src/schedules/schedules.sweep.js';
import { ScheduleRunsService } from '../../src/schedules/schedule-runs.service.js';
import { TaskControlService } from '../../src/tasks/task-control.service.js';
import { TasksService } from '../../src/tasks/tasks.service.js';
import { freshEnvironment, scope, startSubmitter, type TestApp } from '../support/apps.js';
import { inconsistencies } from '../support/consistency.js';
import { eventually, type TestDatabase } from '../support/stack.js';

const WITHIN = { timeoutMs: 60_000 };

let database: TestDatabase;
const apps: TestApp[] = [];
let app: TestApp;

beforeAll(async () => {
  ({ database } = await freshEnvironment('postgres', { MAX_QUEUE_SIZE: '5000' }));
  for (let count = 0; count < 3; count += 1) apps.push(await startSubmitter(SchedulesApiModule));
  [app] = apps as [TestApp];
});

afterAll(async () => {
  const found = await inconsistencies(app.database);
  await Promise.all(apps.map((one) => one.close()));
  await database.drop();
  expect(found).toEqual({});
});

const service = () => app.get(SchedulesService);
const create = async (request: Partial<CreateSchedule> = {}) => {
  const whole = CreateSchedule.parse({
    name: newId().replaceAll('-', '.'),
    cron: '@yearly',
    type: 'test.scripted',
    ...request,
  });
  return (await service().create(scope, whole)).answer;
};
const get = (id: string) => service().get(scope, id);
const cancel = (id: string) => app.get(TaskControlService).cancel(scope, id);

/** The tasks of a schedule's ticks, oldest first. */
const tasksOf = (id: string) =>
  app.database.query<{ id: string; status: string; tick: string }>(
    `SELECT id, status, labels->>'tick_at' AS tick FROM tasks WHERE starts_with(unique_key, $1) ORDER BY tick, id`,
    `schedule:${id}:`,
  );

const MANY = 60;
/** Copies of a schedule that went unseen for three minutes. */
const COPY_AS_DUE = `
INSERT INTO schedules (id, tenant_id, name, cron, timezone, type, request, catch_up, overlap, paused, next_at, wake_at)
SELECT gen_random_uuid(), tenant_id, name || n, cron, timezone, type, request, catch_up, overlap, false,
  date_trunc('minute', now()) - interval '3 minutes', date_trunc('minute', now()) - interval '3 minutes'
FROM schedules, generate_series(1, $2::int) AS n WHERE name = $1
RETURNING id, next_at AS at`;

interface Fired {
  fired: number;
  next_at: Date;
  now: Date;
  last_tick_at: Date;
  last_task_id: string;
  ticks: string[];
  newest: string;
}

/** Schedules, each with the ticks that have a task, oldest first. */
const FIRED = `
SELECT s.fired::int, s.next_at, now() AS now, s.last_tick_at, s.last_task_id,
  array_agg(t.labels->>'tick_at' ORDER BY t.labels->>'tick_at') AS ticks,
  (array_agg(t.id ORDER BY t.labels->>'tick_at' DESC))[1] AS newest
FROM schedules s JOIN tasks t ON t.labels->>'schedule' = s.name
WHERE s.id = ANY($1::uuid[]) GROUP BY s.id`;

/** What an outage does: the next tick lies in the past. */
async function dueAgo(id: string, seconds: number): Promise<void> {
  await app.database.query(
    `UPDATE schedules SET next_at = date_trunc('second', now()) - $2::int * interval '1 second',
       wake_at = date_trunc('second', now()) - $2::int * interval '1 second', revision = revision + 1
     WHERE id = $1::uuid RETURNING id`,
    id,
    seconds,
  );
  sweepAll();
}

const sweepAll = () => apps.forEach((one) => one.get(ScheduleSweep).wake());

/** Once no tick of it waits for a decision. */
const decided = (id: string) =>
  eventually(async () => {
    const view = await get(id);
    return view.next_at && Date.parse(view.next_at) > Date.now() ? view : null;
  }, WITHIN);

const refused = (id: string) =>
  eventually(async () => {
    const view = await get(id);
    return view.last_error ? view : null;
  }, WITHIN);

/** Every five minutes, the last time two minutes ago. */
async function everyFiveMinutes(): Promise<string> {
  const [row] = await app.database.query<{ minute: number }>(
    `SELECT extract(minute FROM now() - interval '2 minutes')::int AS minute`,
  );
  return `${(row?.minute ?? 0) % 5}-59/5 * * * *`;
}

async function outage(cron: string, request: Partial<CreateSchedule>) {
  const { schedule_id: id } = await create({ cron, ...request });
  await app.database.query(
    `UPDATE schedules SET next_at = next_at - interval '15 minutes', wake_at = next_at - interval '15 minutes',
       revision = revision + 1 WHERE id = $1::uuid RETURNING id`,
    id,
  );
  sweepAll();
  return decided(id);
}

describe('ticks', () => {
  it('become one task each, whoever sweeps', async () => {
    const { name } = await create({ cron: '* * * * *', catch_up: 'all', paused: true });
    const copies = await app.database.query<{ id: string; at: Date }>(COPY_AS_DUE, name, MANY);
    const ids = copies.map(({ id }) => id);
    sweepAll();
    const rows = await eventually(async () => {
      const found = await app.database.query<Fired>(FIRED, ids);
      return found.length === MANY && found.every(({ next_at, now }) => next_at > now) ? found : null;
    }, WITHIN);
    const startMs = copies[0]?.at.getTime() ?? 0;
    for (const { fired, next_at, ticks, last_tick_at, newest, last_task_id } of rows) {
      const minutes = (next_at.getTime() - startMs) / 60_000;
      const expected = Array.from({ length: minutes }, (_, minute) =>
        new Date(startMs + minute * 60_000).toISOString(),
      );
      expect(ticks).toEqual(expected);
      expect([fired, last_task_id, last_tick_at.toISOString()]).toEqual([minutes, newest, expected.at(-1)]);
    }
    await app.database.query(
      `UPDATE schedules SET paused = true, next_at = NULL, wake_at = NULL RETURNING id`,
    );
  });

  it('that a transaction does not commit are not lost, and not doubled', async () => {
    const records = apps.map((one) => one.get(SchedulesRepository));
    const originals = records.map((repository) => repository.record.bind(repository));
    const { schedule_id: id } = await create();
    let failures = 0;
    for (const [at, repository] of records.entries())
      repository.record = async (tx, moves) => {
        await originals[at]?.(tx, moves);
        if (failures < 2 && moves.some((move) => move.id === id && move.fired > 0)) {
          failures += 1;
          throw new Fault('database.unavailable', 'the connection broke before the commit');
        }
      };
    await dueAgo(id, 2);
    await decided(id);
    for (const repository of records) Reflect.deleteProperty(repository, 'record');
    expect(failures).toBe(2);
    expect(await tasksOf(id)).toHaveLength(1);
    expect(await get(id)).toMatchObject({ fired: 1, skipped: 0, last_error: null });
  });

  it('of an outage run as catch_up says', async () => {
    const cron = await everyFiveMinutes();
    const [none, last, all] = [
      await outage(cron, { catch_up: 'none' }),
      await outage(cron, { catch_up: 'last' }),
      await outage(cron, { catch_up: 'all' }),
    ];
    expect(none).toMatchObject({ fired: 0, skipped: 3, last_task_id: null, last_skip: { reason: 'missed' } });
    expect(last).toMatchObject({ fired: 1, skipped: 2, last_skip: { reason: 'missed' } });
    expect(all).toMatchObject({ fired: 3, skipped: 0, last_skip: null });
    const [newest] = await tasksOf(last.schedule_id);
    expect(await tasksOf(all.schedule_id)).toMatchObject([{}, {}, { tick: newest?.tick }]);
  });

  it('overlap as they may', async () => {
    let secondsAgo = 50;
    const tick = async (id: string) => {
      await dueAgo(id, (secondsAgo -= 3));
      return decided(id);
    };
    const ids = [];
    for (const overlap of ['allow', 'skip', 'cancel'] as const)
      ids.push((await create({ overlap })).schedule_id);
    const [allow, skip, stop] = ids as [string, string, string];
    for (const id of ids) expect(await tick(id)).toMatchObject({ fired: 1, skipped: 0 });

    expect(await tick(allow)).toMatchObject({ fired: 2, skipped: 0 });
    expect(await tick(skip)).toMatchObject({ fired: 1, skipped: 1, last_skip: { reason: 'overlap' } });
    expect(await tick(stop)).toMatchObject({ fired: 2, skipped: 0 });
    expect((await tasksOf(stop)).map(({ status }) => status)).toEqual([
      'cancelled',
      expect.not.stringContaining('cancelled'),
    ]);

    await cancel((await get(skip)).last_task_id ?? '');
    expect(await tick(skip)).toMatchObject({ fired: 2, skipped: 1 });
  });

  it('that come again because times were moved are not submitted again', async () => {
    const { schedule_id: id } = await create();
    await dueAgo(id, 2);
    const { last_tick_at } = await decided(id);
    await app.database.query(
      `UPDATE schedules SET next_at = $2::timestamptz, wake_at = now(), revision = revision + 1 WHERE id = $1::uuid RETURNING id`,
      id,
      last_tick_at,
    );
    expect(await decided(id)).toMatchObject({ fired: 1, skipped: 0, last_tick_at });
    expect(await tasksOf(id)).toHaveLength(1);
  });
});

describe('a tick that is refused', () => {
  it('waits for room in its queue, and its neighbours do not wait for it', async () => {
    const fill = apps.map((one) => one.get(TasksService));
    const originals = fill.map((tasks) => tasks.draft.bind(tasks));
    const [full, other] = [await create(), await create()];
    for (const [at, tasks] of fill.entries())
      tasks.draft = (who, request) =>
        request.unique_key?.includes(full.schedule_id)
          ? Promise.reject(new Fault('queue.full', 'The queue default is full', { retryAfterSeconds: 1 }))
          : (originals[at] ?? expect.fail())(who, request);
    await Promise.all([dueAgo(full.schedule_id, 2), dueAgo(other.schedule_id, 1)]);
    const waiting = await refused(full.schedule_id);
    expect(waiting).toMatchObject({ fired: 0, skipped: 0, last_error: { code: 'queue.full' } });
    expect(Date.parse(waiting.next_at ?? '')).toBeLessThan(Date.now());
    expect(await decided(other.schedule_id)).toMatchObject({ fired: 1, refusals: 0 });

    for (const tasks of fill) Reflect.deleteProperty(tasks, 'draft');
    const tick = waiting.next_at;
    await service().update(scope, full.schedule_id, { overlap: 'skip' });
    expect(await decided(full.schedule_id)).toMatchObject({
      fired: 1,
      last_error: null,
      refusals: 0,
      last_tick_at: tick,
    });
  });

  it('because of its payload runs once the payload is mended', async () => {
    const { schedule_id: id } = await create();
    await app.database.query(
      `UPDATE schedules SET request = '{"payload": {"does": "fly"}}', revision = revision + 1 WHERE id = $1::uuid RETURNING id`,
      id,
    );
    await dueAgo(id, 2);
    const { last_error, next_at } = await refused(id);
    expect(last_error).toMatchObject({
      code: 'request.invalid',
      message: expect.stringContaining('payload.does'),
    });
    expect(await service().update(scope, id, { paused: true })).toMatchObject({
      paused: true,
      next_at: null,
    });
    await expect(service().update(scope, id, { payload: { does: 'swim' } })).rejects.toMatchObject({
      code: 'request.invalid',
    });
    await service().update(scope, id, { paused: false });
    await dueAgo(id, 2);
    await eventually(async () => (await get(id)).refusals > 0, WITHIN);
    await service().update(scope, id, { payload: { does: 'complete' } });
    const mended = await decided(id);
    expect(mended).toMatchObject({ fired: 1, last_error: null });
    expect(Date.parse(mended.last_tick_at ?? '')).toBeGreaterThanOrEqual(Date.parse(next_at ?? ''));
  });

  it('by Postgres is found among its neighbours', async () => {
    const services = apps.map((one) => one.get(TasksService));
    const originals = services.map((tasks) => tasks.submitDrafts.bind(tasks));
    const [odd, ...others] = await Promise.all(Array.from({ length: 5 }, () => create()));
    for (const [at, tasks] of services.entries())
      tasks.submitDrafts = (tx, drafts) =>
        drafts.some(({ unique_key }) => unique_key?.includes(odd?.schedule_id ?? '-'))
          ? tx.$queryRawUnsafe('SELECT 1 / 0')
          : (originals[at] ?? expect.fail())(tx, drafts);
    const ids = [odd, ...others].map((view) => view?.schedule_id ?? '');
    await Promise.all(ids.map((id) => dueAgo(id, 2)));
    for (const { schedule_id } of others) expect(await decided(schedule_id)).toMatchObject({ fired: 1 });
    expect(await refused(odd?.schedule_id ?? '')).toMatchObject({
      fired: 0,
      last_error: { code: 'internal' },
    });
    for (const tasks of services) Reflect.deleteProperty(tasks, 'submitDrafts');
  });

  it('because no handler is known here is left to others for a while', async () => {
    const { schedule_id: id } = await create();
    await app.database.query(
      `UPDATE schedules SET type = 'other.process' WHERE id = $1::uuid RETURNING id`,
      id,
    );
    await dueAgo(id, 5);
    const sees = async () =>
      (await app.get(SchedulesRepository).due(['test.scripted'], 100)).some((row) => row.id === id);
    expect(await sees()).toBe(false);
    await dueAgo(id, 11);
    expect(await refused(id)).toMatchObject({ fired: 0, last_error: { code: 'task.type_unknown' } });
    await service().delete(scope, id);
  });
});

describe('a schedule', () => {
  it('rests while it is paused, and goes on with what comes after', async () => {
    const { schedule_id: id, name } = await create({ cron: '* * * * * *' });
    await eventually(async () => (await get(id)).fired > 0, WITHIN);
    const paused = await service().update(scope, name, { paused: true });
    expect(paused).toMatchObject({ paused: true, next_at: null });
    const { data } = await service().next(scope, name, 3);
    expect(data).toHaveLength(3);
    await Promise.all(apps.map((one) => one.get(ScheduleSweep).runOnce()));
    expect((await get(id)).fired).toBe(paused.fired);
    const resumed = await service().update(scope, name, { paused: false });
    expect(Date.parse(resumed.next_at ?? '')).toBeGreaterThan(Date.parse(resumed.updated_at));
    await eventually(async () => (await get(id)).fired > paused.fired, WITHIN);
    await service().delete(scope, id);
    expect((await tasksOf(id)).length).toBeGreaterThan(1);
  });

  it('starts anew when its time changes, and keeps its tick when anything else does', async () => {
    const { schedule_id: id, next_at } = await create({ cron: '0 0 1 1 *' });
    expect(await service().update(scope, id, { priority: 5, tags: ['x'] })).toMatchObject({
      next_at,
      priority: 5,
    });
    const moved = await service().update(scope, id, { timezone: 'Pacific/Auckland' });
    expect(moved.next_at?.slice(4)).toBe('-12-31T11:00:00.000Z');
    const whole = CreateSchedule.omit({ name: true }).parse({ cron: '@daily', type: 'test.scripted' });
    const { created, view } = await service().replace(scope, id, whole);
    expect([created, view.priority, view.tags, view.timezone]).toEqual([false, 1, [], 'UTC']);
  });

  it('runs by hand, beside its ticks, once for each key', async () => {
    const runs = app.get(ScheduleRunsService);
    const {
      schedule_id: id,
      name,
      next_at,
    } = await create({
      overlap: 'skip',
      paused: false,
      priority: 3,
      tags: ['mine'],
      concurrency: { key: 'one', limit: 1 },
    });
    const first = await runs.run(scope, name, 'key-1');
    expect(await runs.run(scope, name, 'key-1')).toEqual({ ...first, replayed: true });
    expect(await get(id)).toMatchObject({
      fired: 1,
      last_task_id: first.answer.task_id,
      next_at,
      last_tick_at: null,
    });
    expect(await app.task(first.answer.task_id)).toMatchObject({
      priority: 3,
      tags: ['mine', `schedule:${name}`],
    });
    await expect(runs.run(scope, name)).rejects.toMatchObject({ code: 'schedule.overlap' });
    await service().update(scope, id, { overlap: 'cancel', paused: true });
    const second = await runs.run(scope, name);
    expect((await app.task(first.answer.task_id))?.status).toBe('cancelled');
    expect(await get(id)).toMatchObject({ fired: 2, last_task_id: second.answer.task_id });
  });

  it('is its tenant’s, and its name is taken once', async () => {
    const { schedule_id: id, name } = await create();
    const other = { tenantId: 'other' };
    const nobody = { code: 'schedule.not_found' };
    await expect(create({ name })).rejects.toMatchObject({ code: 'schedule.exists' });
    await expect(service().get(other, id)).rejects.toMatchObject(nobody);
    await expect(service().update(other, id, { paused: true })).rejects.toMatchObject(nobody);
    await expect(service().delete(other, name)).rejects.toMatchObject(nobody);
    await expect(app.get(ScheduleRunsService).run(other, id)).rejects.toMatchObject(nobody);
    expect(await service().list(other, 10)).toEqual([]);
    const { schedule_id: second } = await create();
    await expect(service().update(scope, second, { name })).rejects.toMatchObject({
      code: 'schedule.exists',
    });
    expect((await get(id)).paused).toBe(false);
  });

  it.each([
    [{ cron: '* * * *' }, 'request.invalid', 'cron'],
    [{ cron: '0 0 31 2 *' }, 'request.invalid', 'cron'],
    [{ timezone: 'Mars/Base' }, 'request.invalid', 'timezone'],
    [{ payload: { does: 'fly' } }, 'request.invalid', 'payload.does'],
    [{ payload: { value: 'a\0b' } }, 'payload.unstorable', 'payload.value'],
    [{ tags: ['a\0b'] }, 'payload.unstorable', 'tags.0'],
    [{ type: 'nobody.knows' }, 'task.type_unknown', 'type'],
  ])('is not made of %j', async (request, code, path) => {
    await expect(create(request)).rejects.toMatchObject({ code, options: { errors: [{ path }] } });
  });
});
