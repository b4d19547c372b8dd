import { z } from 'zod';
import { JsonValue } from '../tasks/tasks.contract.js';

const count = z.int().min(0);
const milliseconds = z.int().nullable().describe('null when nothing was measured in the window');

export const TransportUsageView = z.object({
  kind: z.enum(['redis', 'postgres']),
  memory_bytes: z.number().nullable().describe('Of the whole transport; null while it cannot be reached'),
  keys: z.int().nullable().describe('Of the whole transport; null while it cannot be reached'),
  window_used: z.int().nullable().describe('Entries that wait there; null while it cannot be reached'),
  window_size: z.int(),
});

export const QueueView = z
  .object({
    name: z.string(),
    paused: z.boolean().describe('For you or for everyone'),
    paused_at: z.iso.datetime().nullable(),
    window_size: z.int().describe('How many of its tasks the transport holds at most'),
    workers: count,
  })
  .meta({
    id: 'Queue',
    examples: [{ name: 'documents', paused: false, paused_at: null, window_size: 64, workers: 2 }],
  });
export type QueueView = z.output<typeof QueueView>;

export const QueueNumbers = z
  .object({
    name: z.string(),
    pending_tasks: count,
    scheduled_tasks: count,
    blocked_tasks: count,
    queued_tasks: count,
    processing_tasks: count,
    total_completed: count.describe('Since installation; never falls'),
    total_failed: count.describe('Since installation; never falls'),
    dead_letter_tasks: count.describe('In `failed` now'),
    cancelled_tasks: count.describe('In `cancelled` now'),
    oldest_age_seconds: z
      .number()
      .nullable()
      .describe('Of the task that could have run for longest; null when none waits'),
    throughput_per_minute: z.number().describe('Tasks completed or failed, over the window'),
    failure_rate: z.number().min(0).max(1).describe('Failed of those completed or failed in the window'),
    wait_p95_ms: milliseconds,
    run_p95_ms: milliseconds,
    paused: z.boolean(),
    start_alarm_at: z.iso
      .datetime()
      .nullable()
      .describe('Since when its oldest task has waited longer than the queue allows; null when none does'),
    workers: count.describe('Live processes that serve the queue'),
    transport: TransportUsageView,
  })
  .meta({ id: 'QueueNumbers' });
export type QueueNumbers = z.output<typeof QueueNumbers>;

const documents: QueueNumbers = {
  name: 'documents',
  pending_tasks: 0,
  scheduled_tasks: 1,
  blocked_tasks: 0,
  queued_tasks: 12,
  processing_tasks: 4,
  total_completed: 1_840,
  total_failed: 3,
  dead_letter_tasks: 2,
  cancelled_tasks: 1,
  oldest_age_seconds: 1.4,
  throughput_per_minute: 96.2,
  failure_rate: 0,
  wait_p95_ms: 840,
  run_p95_ms: 2_310,
  paused: false,
  start_alarm_at: null,
  workers: 2,
  transport: { kind: 'redis', memory_bytes: 1_204_224, keys: 41, window_used: 12, window_size: 64 },
};

export const QueueStats = z
  .object({ queues: z.array(QueueNumbers), total: QueueNumbers })
  .meta({ id: 'QueueStats', examples: [{ queues: [documents], total: { ...documents, name: 'total' } }] });
export type QueueStats = z.output<typeof QueueStats>;

export const QueueHistoryPoint = z.object({
  at: z.iso.datetime().describe('When the step began'),
  submitted: count,
  completed: count,
  failed: count,
  cancelled: count,
  depth: count.describe('Tasks that waited (blocked, scheduled, pending, queued) when the step ended'),
  processing: count.describe('Tasks that ran when the step ended'),
  wait_p50_ms: milliseconds,
  wait_p95_ms: milliseconds,
  run_p50_ms: milliseconds,
  run_p95_ms: milliseconds,
});
export type QueueHistoryPoint = z.output<typeof QueueHistoryPoint>;

export const QueueHistory = z
  .object({
    queue: z.string().describe('`total` for all of them'),
    from: z.iso.datetime(),
    to: z.iso.datetime().describe('The end of the last step, which may not be over yet'),
    step_seconds: z.int(),
    data: z.array(QueueHistoryPoint),
  })
  .meta({
    id: 'QueueHistory',
    examples: [
      {
        queue: 'documents',
        from: '2026-11-20T10:00:00.000Z',
        to: '2026-11-20T10:01:00.000Z',
        step_seconds: 60,
        data: [
          {
            at: '2026-11-20T10:00:00.000Z',
            submitted: 118,
            completed: 96,
            failed: 1,
            cancelled: 0,
            depth: 21,
            processing: 4,
            wait_p50_ms: 310,
            wait_p95_ms: 840,
            run_p50_ms: 1_120,
            run_p95_ms: 2_310,
          },
        ],
      },
    ],
  });
export type QueueHistory = z.output<typeof QueueHistory>;

export const WORKER_STATUSES = ['idle', 'busy', 'draining', 'lost'] as const;

export const WorkerView = z
  .object({
    worker_id: z.string().describe('Its name; with a suffix while two workers share one'),
    kind: z.enum(['pool', 'remote']),
    host: z.string(),
    pid: z.int(),
    version: z.string(),
    queues: z.array(z.string()),
    capabilities: z.array(z.string()).describe('Task types that it runs'),
    labels: z.record(z.string(), JsonValue),
    concurrency: count,
    slots: count.describe('The same as `concurrency`'),
    active: count,
    processed: count,
    failed: count,
    started_at: z.iso.datetime(),
    last_seen_at: z.iso.datetime(),
    status: z.enum(WORKER_STATUSES),
    current_tasks: z.array(z.uuid()),
    memory_bytes: z.number(),
  })
  .meta({
    id: 'Worker',
    examples: [
      {
        worker_id: 'machine1',
        kind: 'pool',
        host: 'machine1.example',
        pid: 4_211,
        version: '0.1.0',
        queues: ['documents'],
        capabilities: ['documents.process'],
        labels: {},
        concurrency: 4,
        slots: 4,
        active: 1,
        processed: 118,
        failed: 2,
        started_at: '2026-11-20T10:00:00.000Z',
        last_seen_at: '2026-11-20T10:15:00.000Z',
        status: 'busy',
        current_tasks: ['01990f2e-5b6c-7d10-9a55-0c2f6d1b7a10'],
        memory_bytes: 157_286_400,
      },
    ],
  });
export type WorkerView = z.output<typeof WorkerView>;

export const WorkerTotals = z
  .object({
    total: count,
    idle: count,
    busy: count,
    draining: count,
    lost: count,
    slots: count.describe('Of workers that are not lost'),
    busy_slots: count,
    processed: count,
    failed: count,
  })
  .meta({
    id: 'WorkerTotals',
    examples: [
      {
        total: 2,
        idle: 1,
        busy: 1,
        draining: 0,
        lost: 0,
        slots: 8,
        busy_slots: 1,
        processed: 220,
        failed: 2,
      },
    ],
  });
export type WorkerTotals = z.output<typeof WorkerTotals>;
