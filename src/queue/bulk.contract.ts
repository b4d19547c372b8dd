import { z } from 'zod';
import { OPERATION_STATUSES } from '../operations/operations.contract.js';
import { BULK_FILTER, EMPTY_FILTER, isChosen } from '../tasks/task-filter.contract.js';
import { Links, TaskStatusName } from '../tasks/tasks.contract.js';

const count = z.int().min(0);
const dry_run = z.boolean().default(false).describe('Only say what would be changed');

const DeadLetterFilter = z
  .strictObject({ ...BULK_FILTER, status: z.literal('failed').optional() })
  .refine(isChosen, EMPTY_FILTER);

const LiveFilter = z
  .strictObject({
    ...BULK_FILTER,
    status: z
      .enum(['blocked', 'scheduled', 'pending', 'queued', 'processing', 'active', 'waiting'])
      .optional(),
  })
  .refine(isChosen, EMPTY_FILTER);

export const ReplayDeadLetters = z
  .strictObject({
    filter: DeadLetterFilter,
    dry_run,
    rate_per_second: z
      .number()
      .min(0.01)
      .max(10_000)
      .optional()
      .describe('Tasks a second; as fast as it goes without it'),
  })
  .meta({
    id: 'ReplayDeadLetters',
    examples: [{ filter: { queue: 'documents', error_code: 'storage.unavailable' }, rate_per_second: 50 }],
  });
export type ReplayDeadLetters = z.output<typeof ReplayDeadLetters>;

export const DiscardDeadLetters = z.strictObject({ filter: DeadLetterFilter, dry_run }).meta({
  id: 'DiscardDeadLetters',
  examples: [{ filter: { fingerprint: '9f86d081884c7d65' }, dry_run: true }],
});
export type DiscardDeadLetters = z.output<typeof DiscardDeadLetters>;

export const CancelTasks = z
  .strictObject({ filter: LiveFilter, dry_run })
  .meta({ id: 'CancelTasks', examples: [{ filter: { queue: 'documents', status: 'waiting' } }] });
export type CancelTasks = z.output<typeof CancelTasks>;

export const DeadLetterCause = z
  .object({
    fingerprint: z.string().nullable(),
    type: z.string(),
    queue: z.string(),
    error_code: z.string().nullable(),
    message: z.string().nullable().describe('Of the latest'),
    count,
    first_seen_at: z.iso.datetime().nullable(),
    last_seen_at: z.iso.datetime().nullable(),
    sample_task_id: z.uuid().nullable().describe('The task that failed last'),
  })
  .meta({
    id: 'DeadLetterCause',
    examples: [
      {
        fingerprint: '9f86d081884c7d65',
        type: 'documents.process',
        queue: 'documents',
        error_code: 'document.corrupt',
        message: 'The document is damaged',
        count: 12,
        first_seen_at: '2026-11-20T09:15:00.000Z',
        last_seen_at: '2026-11-20T10:15:00.000Z',
        sample_task_id: '01990f2e-5b6c-7d10-9a55-0c2f6d1b7a10',
      },
    ],
  });
export type DeadLetterCause = z.output<typeof DeadLetterCause>;

/** What a bulk call would change. */
export const BulkPreview = z
  .object({
    dry_run: z.literal(true),
    matched: count,
    by_status: z.partialRecord(TaskStatusName, count),
    by_fingerprint: z
      .array(DeadLetterCause)
      .describe('Of failed tasks: their causes, the most frequent 50 first'),
  })
  .meta({
    id: 'BulkPreview',
    examples: [{ dry_run: true, matched: 12, by_status: { failed: 12 }, by_fingerprint: [] }],
  });
export type BulkPreview = z.output<typeof BulkPreview>;

export const CleanUp = z
  .strictObject({
    older_than_hours: z.number().min(0).max(87_600).default(24).describe('Since they ended'),
    include_failed: z.boolean().default(false).describe('Dead letters too'),
  })
  .meta({ id: 'CleanUp', examples: [{ older_than_hours: 48 }] });
export type CleanUp = z.output<typeof CleanUp>;

export const Flush = z
  .strictObject({
    queue: z.string().min(1).max(255).optional().describe('One queue; all without it'),
    confirm: z.literal(true, 'must be true: it cancels everything that waits'),
  })
  .meta({ id: 'Flush', examples: [{ queue: 'documents', confirm: true }] });
export type Flush = z.output<typeof Flush>;

const EXAMPLE_ID = '01990f2e-5b6c-7d10-9a55-0c2f6d1b7a20';
const run = {
  status: z
    .enum(OPERATION_STATUSES)
    .describe('`running` when it takes longer than 20 s: it goes on, see the operation'),
  operation_id: z.uuid(),
  links: Links,
};
const exampleRun = {
  status: 'completed',
  operation_id: EXAMPLE_ID,
  links: { operation: `/api/operations/${EXAMPLE_ID}` },
} as const;

export const CleanedUp = z
  .object({ removed: count, ...run })
  .meta({ id: 'CleanedUp', examples: [{ removed: 1_240, ...exampleRun }] });
export type CleanedUp = z.output<typeof CleanedUp>;

export const Flushed = z
  .object({ cancelled: count, ...run })
  .meta({ id: 'Flushed', examples: [{ cancelled: 310, ...exampleRun }] });
export type Flushed = z.output<typeof Flushed>;
