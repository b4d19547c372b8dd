import { z } from 'zod';
import type { Json } from '../kernel/json.js';
import { TASK_STATUSES } from '../kernel/task-status.js';

const PRIORITY_NAMES = { low: 0, normal: 1, default: 1, high: 3, urgent: 5 } as const;
export const DEFAULT_PRIORITY = 1;

/** An opaque id that a client brings; a JSON number is kept as its decimal text. */
export const ClientId = z
  .union([z.string().min(1).max(255), z.number().int().transform(String)])
  .meta({ description: 'Up to 255 characters; a number is kept as its decimal text' });

/** 0 to 9, higher first; or a name, case ignored. */
export const Priority = z.union([
  z.number().int().min(0).max(9),
  z
    .string()
    .toLowerCase()
    .pipe(z.enum(Object.keys(PRIORITY_NAMES) as [keyof typeof PRIORITY_NAMES]))
    .transform((name): number => PRIORITY_NAMES[name]),
]);

/** A client's own name for its task. Names of ours (UUIDs, `ocr-17`) are refused by the service. */
export const TaskName = z
  .string()
  .regex(/^[A-Za-z0-9._:-]{1,255}$/, 'must be 1 to 255 characters of A-Z a-z 0-9 . _ : -');

/** Any JSON. What comes from a parsed body or from jsonb is JSON already: looking at every node again costs 0.1 s a MB. */
export const JsonValue = z.unknown() as unknown as z.ZodType<Json>;

export const Metadata = z.record(z.string(), JsonValue);

const BackoffInput = z.strictObject({
  base_ms: z.number().int().min(0).max(86_400_000).optional(),
  factor: z.number().min(1).max(10).optional(),
  max_ms: z.number().int().min(0).max(604_800_000).optional(),
  jitter: z.number().min(0).max(1).optional(),
});

const LimitKey = z.string().min(1).max(255);

const ConcurrencyInput = z
  .strictObject({ key: LimitKey, limit: z.number().int().min(1).max(1_000_000) })
  .describe(
    'At most `limit` tasks of this key run or are about to, in all queues together; keys are your own',
  );

const RateInput = z
  .strictObject({
    key: LimitKey,
    limit: z.number().int().min(1).max(1_000_000),
    period_ms: z.number().int().min(1).max(31_536_000_000),
  })
  .describe('At most `limit` tasks of this key start at once, and `limit` more in each period from then on');

/** What every call that creates work may say about how it is run. */
export const TaskOptions = z.strictObject({
  task_id: TaskName.optional(),
  priority: Priority.optional(),
  callback_url: z.string().max(2_048).optional(),
});

export const CreateTask = TaskOptions.extend({
  type: z.string().min(1).max(255),
  payload: JsonValue.default({}),
  run_at: z.iso.datetime({ offset: true }).optional(),
  delay_ms: z
    .number()
    .int()
    .min(0)
    .max(31_536_000_000)
    .optional()
    .describe('From now; of a task that depends on others from when they are done'),
  expires_at: z.iso
    .datetime({ offset: true })
    .optional()
    .describe('Not started by then, the task fails with reason `expired`'),
  deadline_at: z.iso
    .datetime({ offset: true })
    .optional()
    .describe('Not finished by then, the task is stopped and fails with reason `expired`'),
  depends_on: z
    .array(z.string().min(1).max(255))
    .max(100)
    .optional()
    .describe('Ids or names of tasks that have to be final before; in a batch also of earlier members'),
  on_dependency_failure: z
    .enum(['fail', 'ignore', 'cancel'])
    .optional()
    .describe('What becomes of the task when one of those does not complete; `fail` unless given'),
  max_attempts: z.number().int().min(1).max(100).optional(),
  backoff: BackoffInput.optional(),
  timeout_ms: z.number().int().min(100).max(86_400_000).optional(),
  unique_key: z.string().min(1).max(255).optional(),
  concurrency: ConcurrencyInput.optional(),
  rate: RateInput.optional(),
  tags: z.array(z.string().min(1).max(255)).max(32).optional(),
  labels: Metadata.optional(),
  user_id: ClientId.optional(),
  client_id: ClientId.optional(),
})
  .refine(({ run_at, delay_ms }) => run_at === undefined || delay_ms === undefined, {
    path: ['delay_ms'],
    message: 'cannot be given together with run_at; send one of them',
  })
  .meta({
    id: 'CreateTask',
    examples: [
      {
        type: 'documents.process',
        payload: { document_id: 'handbook', file_name: 'handbook.pdf', r2_key: 'inbox/handbook.pdf' },
        priority: 'high',
        tags: ['hr'],
      },
    ],
  });
export type CreateTask = z.output<typeof CreateTask>;

export const CreateTaskBatch = z
  .strictObject({
    tasks: z.array(CreateTask).min(1).max(1_000),
    callback_url: z.string().max(2_048).optional(),
  })
  .meta({
    id: 'CreateTaskBatch',
    examples: [
      { tasks: [{ type: 'diagnostics.echo', payload: { message: 'one' } }, { type: 'diagnostics.echo' }] },
    ],
  });

export const TaskStatusName = z.enum(TASK_STATUSES);

export const Links = z.record(z.string(), z.string());

export const AcceptedTask = z
  .object({
    task_id: z.uuid(),
    external_id: z.string().nullable(),
    type: z.string(),
    status: TaskStatusName,
    queue: z.string(),
    queue_length: z.int(),
    created_at: z.iso.datetime(),
    deduplicated: z.boolean().optional(),
    links: Links,
  })
  .meta({
    id: 'AcceptedTask',
    examples: [
      {
        task_id: '01990f2e-5b6c-7d10-9a55-0c2f6d1b7a10',
        external_id: null,
        type: 'documents.process',
        status: 'queued',
        queue: 'documents',
        queue_length: 1,
        created_at: '2026-11-20T10:15:00.000Z',
        links: { self: '/api/tasks/01990f2e-5b6c-7d10-9a55-0c2f6d1b7a10' },
      },
    ],
  });
export type AcceptedTask = z.output<typeof AcceptedTask>;

export const AcceptedBatch = z
  .object({ batch_id: z.uuid(), task_ids: z.array(z.uuid()), links: Links })
  .meta({
    id: 'AcceptedBatch',
    examples: [
      {
        batch_id: '01990f2e-5b6c-7d10-9a55-0c2f6d1b7a0f',
        task_ids: ['01990f2e-5b6c-7d10-9a55-0c2f6d1b7a10'],
        links: { self: '/api/batches/01990f2e-5b6c-7d10-9a55-0c2f6d1b7a0f' },
      },
    ],
  });

export type AcceptedBatch = z.output<typeof AcceptedBatch>;

export const TaskErrorView = z.object({
  code: z.string(),
  message: z.string(),
  retryable: z.boolean(),
  fingerprint: z.string().nullable(),
});

export const TaskView = z
  .object({
    task_id: z.uuid(),
    external_id: z.string().nullable(),
    type: z.string(),
    queue: z.string(),
    status: TaskStatusName,
    reason: z.string().nullable(),
    priority: z.int(),
    progress: z.object({ fraction: z.number().nullable(), message: z.string().nullable() }),
    payload: JsonValue,
    result: JsonValue.nullable(),
    error: TaskErrorView.nullable(),
    attempts: z.int(),
    max_attempts: z.int(),
    crashes: z.int(),
    tenant: z.string(),
    user_id: z.string().nullable(),
    client_id: z.string().nullable(),
    tags: z.array(z.string()),
    batch_id: z.uuid().nullable(),
    depends_on: z.array(z.uuid()),
    created_at: z.iso.datetime(),
    run_at: z.iso.datetime().nullable(),
    queued_at: z.iso.datetime().nullable(),
    started_at: z.iso.datetime().nullable(),
    finished_at: z.iso.datetime().nullable(),
    expires_at: z.iso.datetime().nullable(),
    deadline_at: z.iso.datetime().nullable(),
    wait_ms: z.int().nullable(),
    run_ms: z.int().nullable(),
    worker_id: z.string().nullable(),
    links: Links,
  })
  .meta({
    id: 'Task',
    examples: [
      {
        task_id: '01990f2e-5b6c-7d10-9a55-0c2f6d1b7a10',
        external_id: null,
        type: 'documents.process',
        queue: 'documents',
        status: 'completed',
        reason: null,
        priority: 1,
        progress: { fraction: 1, message: 'storing' },
        payload: { document_id: 'handbook' },
        result: { pages: 3, chunks: 14 },
        error: null,
        attempts: 1,
        max_attempts: 3,
        crashes: 0,
        tenant: 'default',
        user_id: null,
        client_id: null,
        tags: [],
        batch_id: null,
        depends_on: [],
        created_at: '2026-11-20T10:15:00.000Z',
        run_at: null,
        queued_at: '2026-11-20T10:15:00.000Z',
        started_at: '2026-11-20T10:15:00.010Z',
        finished_at: '2026-11-20T10:15:01.000Z',
        expires_at: null,
        deadline_at: null,
        wait_ms: 10,
        run_ms: 990,
        worker_id: 'machine1',
        links: { self: '/api/tasks/01990f2e-5b6c-7d10-9a55-0c2f6d1b7a10' },
      },
    ],
  });
export type TaskView = z.output<typeof TaskView>;

export const AttemptView = z
  .object({
    attempt: z.int(),
    epoch: z.int(),
    outcome: z.string(),
    error: z.object({ code: z.string(), message: z.string(), retryable: z.boolean() }).nullable(),
    worker_id: z.string().nullable(),
    queued_at: z.iso.datetime().nullable(),
    started_at: z.iso.datetime(),
    finished_at: z.iso.datetime(),
    run_ms: z.int(),
  })
  .meta({
    id: 'Attempt',
    examples: [
      {
        attempt: 1,
        epoch: 1,
        outcome: 'failed',
        error: { code: 'storage.unavailable', message: 'The storage cannot be reached', retryable: true },
        worker_id: 'machine1',
        queued_at: '2026-11-20T10:15:00.000Z',
        started_at: '2026-11-20T10:15:00.010Z',
        finished_at: '2026-11-20T10:15:01.000Z',
        run_ms: 990,
      },
    ],
  });

export const EventView = z
  .object({ event: z.string(), at: z.iso.datetime(), detail: JsonValue.nullable() })
  .meta({
    id: 'TaskEvent',
    examples: [{ event: 'claimed', at: '2026-11-20T10:15:00.010Z', detail: { epoch: 1, attempt: 1 } }],
  });

export const LogView = z
  .object({
    at: z.iso.datetime(),
    level: z.string(),
    message: z.string(),
    data: JsonValue.nullable(),
    attempt_epoch: z.int(),
  })
  .meta({
    id: 'TaskLog',
    examples: [
      {
        at: '2026-11-20T10:15:00.100Z',
        level: 'info',
        message: 'fetched',
        data: { bytes: 20480 },
        attempt_epoch: 1,
      },
    ],
  });

/** `active` is processing; `waiting` is blocked, scheduled, pending and queued. */
export const TaskStatusFilter = z.enum([...TASK_STATUSES, 'active', 'waiting']);

export const RetryTask = z
  .strictObject({ payload: JsonValue.optional() })
  .meta({ id: 'RetryTask', examples: [{}] });

export const ReviseTask = z
  .strictObject({
    priority: Priority.optional(),
    run_at: z.iso
      .datetime({ offset: true })
      .optional()
      .describe('Not before then; a time that has passed means now'),
  })
  .refine(({ priority, run_at }) => priority !== undefined || run_at !== undefined, {
    message: 'names nothing to change; send priority, run_at or both',
  })
  .meta({ id: 'ReviseTask', examples: [{ priority: 'urgent' }] });
export type ReviseTask = z.output<typeof ReviseTask>;

export const CancelledTask = z
  .object({ task_id: z.uuid(), status: TaskStatusName, cancel_requested: z.boolean() })
  .meta({
    id: 'CancelledTask',
    examples: [
      { task_id: '01990f2e-5b6c-7d10-9a55-0c2f6d1b7a10', status: 'cancelled', cancel_requested: true },
    ],
  });

export const BatchView = z
  .object({
    batch_id: z.uuid(),
    total: z.int(),
    counts: z.partialRecord(TaskStatusName, z.int()),
    remaining: z.int(),
    finished: z.boolean(),
    generation: z.int(),
    callback_url: z.string().nullable(),
    created_at: z.iso.datetime(),
  })
  .meta({
    id: 'Batch',
    examples: [
      {
        batch_id: '01990f2e-5b6c-7d10-9a55-0c2f6d1b7a0f',
        total: 2,
        counts: { completed: 1, queued: 1 },
        remaining: 1,
        finished: false,
        generation: 1,
        callback_url: null,
        created_at: '2026-11-20T10:15:00.000Z',
      },
    ],
  });
export type BatchView = z.output<typeof BatchView>;
