import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fault } from '../../src/kernel/fault.js';
import type { CreateSchedule } from '../../src/schedules/schedules.contract.js';
import { SchedulesRepository } from '../../src/schedules/schedules.repository.js';
import { TaskControlService } from '../../src/tasks/task-control.service.js';
import { TasksService } from '../../src/tasks/tasks.service.js';
import { scope } from '../support/apps.js';
import { eventually } from '../support/stack.js';
import { ScheduleKit, WITHIN } from './schedule-kit.js';

let kit: ScheduleKit;

beforeAll(async () => {
  kit = await ScheduleKit.start(3);
});

afterAll(async () => {
  expect(await kit.stop()).toEqual({});
});

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

/** Every five minutes, the last time two minutes ago. */
async function everyFiveMinutes(): Promise<string> {
  const [row] = await kit.database.query<{ minute: number }>(
    `SELECT extract(minute FROM now() - interval '2 minutes')::int AS minute`,
  );
  return `${(row?.minute ?? 0) % 5}-59/5 * * * *`;
}

async function outage(cron: string, request: Partial<CreateSchedule>) {
  const { schedule_id: id } = await kit.create({ cron, ...request });
  await kit.database.query(
    `UPDATE schedules SET next_at = next_at - interval '15 minutes', wake_at = next_at - interval '15 minutes',
       revision = revision + 1 WHERE id = $1::uuid RETURNING id`,
    id,
  );
  kit.sweep();
  return kit.decided(id);
}

describe('ticks', () => {
  it('become one task each, whoever sweeps', async () => {
    const { name } = await kit.create({ cron: '* * * * *', catch_up: 'all', paused: true });
    const copies = await kit.database.query<{ id: string; at: Date }>(COPY_AS_DUE, name, MANY);
    const ids = copies.map(({ id }) => id);
    kit.sweep();
    const rows = await eventually(async () => {
      const found = await kit.database.query<Fired>(FIRED, ids);
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
    await kit.database.query(
      `UPDATE schedules SET paused = true, next_at = NULL, wake_at = NULL RETURNING id`,
    );
  });

  it('that a transaction does not commit are not lost, and not doubled', async () => {
    const records = kit.apps.map((one) => one.get(SchedulesRepository));
    const originals = records.map((repository) => repository.record.bind(repository));
    const { schedule_id: id } = await kit.create();
    let failures = 0;
    for (const [at, repository] of records.entries())
      repository.record = async (tx, moves) => {
        await originals[at]?.(tx, moves);
        if (failures < 2 && moves.some((move) => move.id === id && move.fired > 0)) {
          failures += 1;
          throw new Fault('database.unavailable', 'the connection broke before the commit');
        }
      };
    await kit.dueAgo(id, 2);
    await kit.decided(id);
    for (const repository of records) Reflect.deleteProperty(repository, 'record');
    expect(failures).toBe(2);
    expect(await kit.tasksOf(id)).toHaveLength(1);
    expect(await kit.get(id)).toMatchObject({ fired: 1, skipped: 0, last_error: null });
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
    const [newest] = await kit.tasksOf(last.schedule_id);
    expect(await kit.tasksOf(all.schedule_id)).toMatchObject([{}, {}, { tick: newest?.tick }]);
  });

  it('overlap as they may', async () => {
    let secondsAgo = 50;
    const tick = async (id: string) => {
      await kit.dueAgo(id, (secondsAgo -= 3));
      return kit.decided(id);
    };
    const ids = [];
    for (const overlap of ['allow', 'skip', 'cancel'] as const)
      ids.push((await kit.create({ overlap })).schedule_id);
    const [allow, skip, stop] = ids as [string, string, string];
    for (const id of ids) expect(await tick(id)).toMatchObject({ fired: 1, skipped: 0 });

    expect(await tick(allow)).toMatchObject({ fired: 2, skipped: 0 });
    expect(await tick(skip)).toMatchObject({ fired: 1, skipped: 1, last_skip: { reason: 'overlap' } });
    expect(await tick(stop)).toMatchObject({ fired: 2, skipped: 0 });
    expect((await kit.tasksOf(stop)).map(({ status }) => status)).toEqual([
      'cancelled',
      expect.not.stringContaining('cancelled'),
    ]);

    await kit.app.get(TaskControlService).cancel(scope, (await kit.get(skip)).last_task_id ?? '');
    expect(await tick(skip)).toMatchObject({ fired: 2, skipped: 1 });
  });

  it('that come again because times were moved are not submitted again', async () => {
    const { schedule_id: id } = await kit.create();
    await kit.dueAgo(id, 2);
    const { last_tick_at } = await kit.decided(id);
    await kit.database.query(
      `UPDATE schedules SET next_at = $2::timestamptz, wake_at = now(), revision = revision + 1 WHERE id = $1::uuid RETURNING id`,
      id,
      last_tick_at,
    );
    expect(await kit.decided(id)).toMatchObject({ fired: 1, skipped: 0, last_tick_at });
    expect(await kit.tasksOf(id)).toHaveLength(1);
  });
});

describe('a tick that is refused', () => {
  it('waits for room in its queue, and its neighbours do not wait for it', async () => {
    const fill = kit.apps.map((one) => one.get(TasksService));
    const originals = fill.map((tasks) => tasks.draft.bind(tasks));
    const [full, other] = [await kit.create(), await kit.create()];
    for (const [at, tasks] of fill.entries())
      tasks.draft = (who, request) =>
        request.unique_key?.includes(full.schedule_id)
          ? Promise.reject(new Fault('queue.full', 'The queue default is full', { retryAfterSeconds: 1 }))
          : (originals[at] ?? expect.fail())(who, request);
    await Promise.all([kit.dueAgo(full.schedule_id, 2), kit.dueAgo(other.schedule_id, 1)]);
    const waiting = await kit.refused(full.schedule_id);
    expect(waiting).toMatchObject({ fired: 0, skipped: 0, last_error: { code: 'queue.full' } });
    expect(Date.parse(waiting.next_at ?? '')).toBeLessThan(Date.now());
    expect(await kit.decided(other.schedule_id)).toMatchObject({ fired: 1, refusals: 0 });

    for (const tasks of fill) Reflect.deleteProperty(tasks, 'draft');
    const tick = waiting.next_at;
    await kit.service.update(scope, full.schedule_id, { overlap: 'skip' });
    expect(await kit.decided(full.schedule_id)).toMatchObject({
      fired: 1,
      last_error: null,
      refusals: 0,
      last_tick_at: tick,
    });
  });

  it('because of its payload runs once the payload is mended', async () => {
    const { schedule_id: id } = await kit.create();
    await kit.database.query(
      `UPDATE schedules SET request = '{"payload": {"does": "fly"}}', revision = revision + 1 WHERE id = $1::uuid RETURNING id`,
      id,
    );
    await kit.dueAgo(id, 2);
    const { last_error, next_at } = await kit.refused(id);
    expect(last_error).toMatchObject({
      code: 'request.invalid',
      message: expect.stringContaining('payload.does'),
    });
    expect(await kit.service.update(scope, id, { paused: true })).toMatchObject({
      paused: true,
      next_at: null,
    });
    await expect(kit.service.update(scope, id, { payload: { does: 'swim' } })).rejects.toMatchObject({
      code: 'request.invalid',
    });
    await kit.service.update(scope, id, { paused: false });
    await kit.dueAgo(id, 2);
    await eventually(async () => (await kit.get(id)).refusals > 0, WITHIN);
    await kit.service.update(scope, id, { payload: { does: 'complete' } });
    const mended = await kit.decided(id);
    expect(mended).toMatchObject({ fired: 1, last_error: null });
    expect(Date.parse(mended.last_tick_at ?? '')).toBeGreaterThanOrEqual(Date.parse(next_at ?? ''));
  });

  it('by Postgres is found among its neighbours', async () => {
    const services = kit.apps.map((one) => one.get(TasksService));
    const originals = services.map((tasks) => tasks.submitDrafts.bind(tasks));
    const [odd, ...others] = await Promise.all(Array.from({ length: 5 }, () => kit.create()));
    for (const [at, tasks] of services.entries())
      tasks.submitDrafts = (tx, drafts) =>
        drafts.some(({ unique_key }) => unique_key?.includes(odd?.schedule_id ?? '-'))
          ? tx.$queryRawUnsafe('SELECT 1 / 0')
          : (originals[at] ?? expect.fail())(tx, drafts);
    const ids = [odd, ...others].map((view) => view?.schedule_id ?? '');
    await Promise.all(ids.map((id) => kit.dueAgo(id, 2)));
    for (const { schedule_id } of others) expect(await kit.decided(schedule_id)).toMatchObject({ fired: 1 });
    expect(await kit.refused(odd?.schedule_id ?? '')).toMatchObject({
      fired: 0,
      last_error: { code: 'internal' },
    });
    for (const tasks of services) Reflect.deleteProperty(tasks, 'submitDrafts');
  });

  it('because no handler is known here is left to others for a while', async () => {
    const { schedule_id: id } = await kit.create();
    await kit.database.query(
      `UPDATE schedules SET type = 'other.process' WHERE id = $1::uuid RETURNING id`,
      id,
    );
    await kit.dueAgo(id, 5);
    const sees = async () =>
      (await kit.app.get(SchedulesRepository).due(['test.scripted'], 100)).some((row) => row.id === id);
    expect(await sees()).toBe(false);
    await kit.dueAgo(id, 11);
    expect(await kit.refused(id)).toMatchObject({ fired: 0, last_error: { code: 'task.type_unknown' } });
    await kit.service.delete(scope, id);
  });
});
