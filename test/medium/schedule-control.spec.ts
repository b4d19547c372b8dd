import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ScheduleRunsService } from '../../src/schedules/schedule-runs.service.js';
import { CreateSchedule } from '../../src/schedules/schedules.contract.js';
import { ScheduleSweep } from '../../src/schedules/schedules.sweep.js';
import { scope } from '../support/apps.js';
import { eventually } from '../support/stack.js';
import { ScheduleKit, WITHIN } from './schedule-kit.js';

let kit: ScheduleKit;

beforeAll(async () => {
  kit = await ScheduleKit.start(1);
});

afterAll(async () => {
  expect(await kit.stop()).toEqual({});
});

describe('a schedule', () => {
  it('rests while it is paused, and goes on with what comes after', async () => {
    const { schedule_id: id, name } = await kit.create({ cron: '* * * * * *' });
    await eventually(async () => (await kit.get(id)).fired > 0, WITHIN);
    const paused = await kit.service.update(scope, name, { paused: true });
    expect(paused).toMatchObject({ paused: true, next_at: null });
    const { data } = await kit.service.next(scope, name, 3);
    expect(data).toHaveLength(3);
    await Promise.all(kit.apps.map((one) => one.get(ScheduleSweep).runOnce()));
    expect((await kit.get(id)).fired).toBe(paused.fired);
    const resumed = await kit.service.update(scope, name, { paused: false });
    expect(Date.parse(resumed.next_at ?? '')).toBeGreaterThan(Date.parse(resumed.updated_at));
    await eventually(async () => (await kit.get(id)).fired > paused.fired, WITHIN);
    await kit.service.delete(scope, id);
    expect((await kit.tasksOf(id)).length).toBeGreaterThan(1);
  });

  it('starts anew when its time changes, and keeps its tick when anything else does', async () => {
    const { schedule_id: id, next_at } = await kit.create({ cron: '0 0 1 1 *' });
    expect(await kit.service.update(scope, id, { priority: 5, tags: ['x'] })).toMatchObject({
      next_at,
      priority: 5,
    });
    const moved = await kit.service.update(scope, id, { timezone: 'Pacific/Auckland' });
    expect(moved.next_at?.slice(4)).toBe('-12-31T11:00:00.000Z');
    const whole = CreateSchedule.omit({ name: true }).parse({ cron: '@daily', type: 'test.scripted' });
    const { created, view } = await kit.service.replace(scope, id, whole);
    expect([created, view.priority, view.tags, view.timezone]).toEqual([false, 1, [], 'UTC']);
  });

  it('runs by hand, beside its ticks, once for each key', async () => {
    const runs = kit.app.get(ScheduleRunsService);
    const {
      schedule_id: id,
      name,
      next_at,
    } = await kit.create({
      overlap: 'skip',
      paused: false,
      priority: 3,
      tags: ['mine'],
      concurrency: { key: 'one', limit: 1 },
    });
    const first = await runs.run(scope, name, 'key-1');
    expect(await runs.run(scope, name, 'key-1')).toEqual({ ...first, replayed: true });
    expect(await kit.get(id)).toMatchObject({
      fired: 1,
      last_task_id: first.answer.task_id,
      next_at,
      last_tick_at: null,
    });
    expect(await kit.app.task(first.answer.task_id)).toMatchObject({
      priority: 3,
      tags: ['mine', `schedule:${name}`],
    });
    await expect(runs.run(scope, name)).rejects.toMatchObject({ code: 'schedule.overlap' });
    await kit.service.update(scope, id, { overlap: 'cancel', paused: true });
    const second = await runs.run(scope, name);
    expect((await kit.app.task(first.answer.task_id))?.status).toBe('cancelled');
    expect(await kit.get(id)).toMatchObject({ fired: 2, last_task_id: second.answer.task_id });
  });

  it('is its tenant’s, and its name is taken once', async () => {
    const { schedule_id: id, name } = await kit.create();
    const other = { tenantId: 'other' };
    const nobody = { code: 'schedule.not_found' };
    await expect(kit.create({ name })).rejects.toMatchObject({ code: 'schedule.exists' });
    await expect(kit.service.get(other, id)).rejects.toMatchObject(nobody);
    await expect(kit.service.update(other, id, { paused: true })).rejects.toMatchObject(nobody);
    await expect(kit.service.delete(other, name)).rejects.toMatchObject(nobody);
    await expect(kit.app.get(ScheduleRunsService).run(other, id)).rejects.toMatchObject(nobody);
    expect(await kit.service.list(other, 10)).toEqual([]);
    const { schedule_id: second } = await kit.create();
    await expect(kit.service.update(scope, second, { name })).rejects.toMatchObject({
      code: 'schedule.exists',
    });
    expect((await kit.get(id)).paused).toBe(false);
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
    await expect(kit.create(request)).rejects.toMatchObject({ code, options: { errors: [{ path }] } });
  });
});
