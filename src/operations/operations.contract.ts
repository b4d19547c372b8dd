import { z } from 'zod';
import { JsonValue, Links } from '../tasks/tasks.contract.js';

const count = z.int().min(0);

export const OPERATION_STATUSES = ['running', 'completed', 'failed', 'cancelled'] as const;

export const OperationView = z
  .object({
    operation_id: z.uuid(),
    kind: z.string(),
    status: z.enum(OPERATION_STATUSES),
    input: JsonValue.describe('What was asked for'),
    total: count.nullable().describe('Counted at the start; null when that would have taken too long'),
    done: count,
    skipped: count,
    skips: z
      .array(z.object({ id: z.string(), reason: z.string() }))
      .describe('The first 100 of what was skipped'),
    fraction: z.number().min(0).max(1).nullable(),
    rate_per_second: z.number().nullable(),
    error: z
      .object({ code: z.string(), message: z.string() })
      .nullable()
      .describe('Of the last step that failed; a running operation tries it again'),
    created_at: z.iso.datetime(),
    finished_at: z.iso.datetime().nullable(),
    links: Links,
  })
  .meta({
    id: 'Operation',
    examples: [
      {
        operation_id: '01990f2e-5b6c-7d10-9a55-0c2f6d1b7a20',
        kind: 'dead_letters.replay',
        status: 'running',
        input: { filter: { queue: 'documents', error_code: 'storage.unavailable' } },
        total: 1_000,
        done: 350,
        skipped: 1,
        skips: [
          { id: '01990f2e-5b6c-7d10-9a55-0c2f6d1b7a10', reason: 'another live task holds its unique_key' },
        ],
        fraction: 0.351,
        rate_per_second: 50,
        error: null,
        created_at: '2026-11-20T10:15:00.000Z',
        finished_at: null,
        links: {
          self: '/api/operations/01990f2e-5b6c-7d10-9a55-0c2f6d1b7a20',
          cancel: '/api/operations/01990f2e-5b6c-7d10-9a55-0c2f6d1b7a20/cancel',
        },
      },
    ],
  });
export type OperationView = z.output<typeof OperationView>;
