import { z } from 'zod';
import { isUuid } from '../kernel/ids.js';
import { CreateTask, JsonValue, Links, Metadata, TaskName } from '../tasks/tasks.contract.js';

const task = CreateTask.shape;

export const ScheduleName = TaskName.refine((name) => !isUuid(name), {
  message: 'looks like an id of ours (a UUID); choose another name',
}).describe('Unique per tenant; stands wherever the id of a schedule does');

const Cron = z
  .string()
  .min(1)
  .max(255)
  .describe('5 fields, 6 with seconds in front, or @hourly, @daily, @weekly, @monthly, @yearly');
const TimeZone = z.string().min(1).max(255).describe('IANA name, such as Europe/Berlin');
const CatchUp = z
  .enum(['none', 'last', 'all'])
  .describe('Which ticks of an outage run afterwards: none, the last one, or all, the newest 100 at most');
const Overlap = z
  .enum(['allow', 'skip', 'cancel'])
  .describe(
    'While the task of the tick before is not final: run beside it, skip the tick, or cancel that task',
  );

/** What the tasks of a schedule are told, as any submit. */
const options = {
  priority: task.priority,
  max_attempts: task.max_attempts,
  backoff: task.backoff,
  timeout_ms: task.timeout_ms,
  concurrency: task.concurrency,
  rate: task.rate,
  tags: task.tags,
  labels: task.labels,
  user_id: task.user_id,
  client_id: task.client_id,
  callback_url: task.callback_url,
};

const example = {
  cron: '30 2 * * *',
  timezone: 'Europe/Berlin',
  type: 'diagnostics.echo',
  payload: { message: 'good night' },
  overlap: 'skip',
} as const;

/** A schedule in full. */
export const ReplaceSchedule = z
  .strictObject({
    cron: Cron,
    timezone: TimeZone.default('UTC'),
    type: task.type,
    payload: JsonValue.default({}),
    ...options,
    catch_up: CatchUp.default('last'),
    overlap: Overlap.default('allow'),
    paused: z.boolean().default(false),
  })
  .meta({ id: 'ReplaceSchedule', examples: [example] });
export type ReplaceSchedule = z.output<typeof ReplaceSchedule>;

export const CreateSchedule = ReplaceSchedule.extend({ name: ScheduleName }).meta({
  id: 'CreateSchedule',
  examples: [{ name: 'nightly', ...example }],
});
export type CreateSchedule = z.output<typeof CreateSchedule>;

/** What is not given stays. */
export const UpdateSchedule = z
  .strictObject({
    name: ScheduleName,
    cron: Cron,
    timezone: TimeZone,
    type: task.type,
    payload: JsonValue,
    ...options,
    catch_up: CatchUp,
    overlap: Overlap,
    paused: z.boolean(),
  })
  .partial()
  .meta({ id: 'UpdateSchedule', examples: [{ cron: '0 3 * * *', priority: 'high' }] });
export type UpdateSchedule = z.output<typeof UpdateSchedule>;

export const ScheduleView = z
  .object({
    schedule_id: z.uuid(),
    name: z.string(),
    cron: z.string(),
    timezone: z.string(),
    type: z.string(),
    payload: JsonValue,
    priority: z.int(),
    max_attempts: z.int().nullable(),
    backoff: task.backoff.unwrap().nullable(),
    timeout_ms: z.int().nullable(),
    concurrency: task.concurrency.unwrap().nullable(),
    rate: task.rate.unwrap().nullable(),
    tags: z.array(z.string()),
    labels: Metadata,
    user_id: z.string().nullable(),
    client_id: z.string().nullable(),
    callback_url: z.string().nullable(),
    catch_up: CatchUp,
    overlap: Overlap,
    paused: z.boolean(),
    next_at: z.iso.datetime().nullable().describe('The oldest tick that is not decided; null while paused'),
    last_tick_at: z.iso.datetime().nullable().describe('The newest tick that was submitted'),
    last_fired_at: z.iso.datetime().nullable().describe('When a task was submitted last, by tick or by hand'),
    last_task_id: z.uuid().nullable(),
    last_skip: z
      .object({ at: z.iso.datetime(), reason: z.string() })
      .nullable()
      .describe('When ticks were skipped last: missed, or overlap'),
    last_error: z
      .object({ code: z.string(), message: z.string(), at: z.iso.datetime() })
      .nullable()
      .describe('Why a tick was refused last; null once one is submitted'),
    refusals: z.int().describe('Refusals in a row'),
    fired: z.int().describe('Tasks submitted'),
    skipped: z.int().describe('Ticks that were not; one outage counts for 1,000 at most'),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    links: Links,
  })
  .meta({
    id: 'Schedule',
    examples: [
      {
        schedule_id: '01990f2e-5b6c-7d10-9a55-0c2f6d1b7a20',
        name: 'nightly',
        ...example,
        priority: 1,
        max_attempts: null,
        backoff: null,
        timeout_ms: null,
        concurrency: null,
        rate: null,
        tags: [],
        labels: {},
        user_id: null,
        client_id: null,
        callback_url: null,
        catch_up: 'last',
        paused: false,
        next_at: '2026-11-21T01:30:00.000Z',
        last_tick_at: '2026-11-20T01:30:00.000Z',
        last_fired_at: '2026-11-20T01:30:00.410Z',
        last_task_id: '01990f2e-5b6c-7d10-9a55-0c2f6d1b7a10',
        last_skip: null,
        last_error: null,
        refusals: 0,
        fired: 12,
        skipped: 0,
        created_at: '2026-11-08T10:15:00.000Z',
        updated_at: '2026-11-08T10:15:00.000Z',
        links: { self: '/api/schedules/01990f2e-5b6c-7d10-9a55-0c2f6d1b7a20' },
      },
    ],
  });
export type ScheduleView = z.output<typeof ScheduleView>;

export const PreviewSchedule = z
  .strictObject({
    cron: Cron,
    timezone: TimeZone.default('UTC'),
    count: z.int().min(1).max(100).default(5),
  })
  .meta({ id: 'PreviewSchedule', examples: [{ cron: '30 2 * * *', timezone: 'Europe/Berlin', count: 2 }] });
export type PreviewSchedule = z.output<typeof PreviewSchedule>;

export const SchedulePreview = z
  .object({
    cron: z.string(),
    timezone: z.string(),
    data: z.array(
      z.object({
        at: z.iso.datetime(),
        local: z.iso
          .datetime({ offset: true })
          .describe('What the clock shows there, with its distance from UTC'),
      }),
    ),
  })
  .meta({
    id: 'SchedulePreview',
    examples: [
      {
        cron: '30 2 * * *',
        timezone: 'Europe/Berlin',
        data: [{ at: '2026-03-29T01:00:00.000Z', local: '2026-03-29T03:00:00+02:00' }],
      },
    ],
  });
