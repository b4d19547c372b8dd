import { z } from 'zod';
import { TASK_STATUSES } from '../kernel/task-status.js';

export const ExplainReason = z.object({
  code: z.string().describe('Stable; docs/explain.md lists them'),
  detail: z.string(),
  since: z.iso.datetime().nullable(),
  until: z.iso.datetime().nullable().describe('When it changes by itself, at the latest'),
  next_step: z.string(),
});

export const Explanation = z
  .object({
    task_id: z.uuid(),
    status: z.enum(TASK_STATUSES),
    summary: z.string().describe('One sentence'),
    position: z
      .object({
        place: z.int().min(1).describe('1 is next; counts to 10,000'),
        among: z
          .enum(['tenant', 'window'])
          .describe('Tasks of its tenant and key that wait in Postgres, or those that the transport holds'),
        window_used: z.int(),
        window_size: z.int(),
      })
      .nullable(),
    reasons: z.array(ExplainReason).describe('The most decisive first'),
  })
  .meta({
    id: 'Explanation',
    examples: [
      {
        task_id: '01990f2e-5b6c-7d10-9a55-0c2f6d1b7a10',
        status: 'pending',
        summary: 'It waits (pending): the queue documents is paused',
        position: { place: 4, among: 'tenant', window_used: 12, window_size: 64 },
        reasons: [
          {
            code: 'queue.paused',
            detail: 'The queue documents is paused',
            since: '2026-11-20T10:15:00.000Z',
            until: null,
            next_step: 'POST /api/queue/queues/documents/resume (or: intake resume documents)',
          },
        ],
      },
    ],
  });
export type Explanation = z.output<typeof Explanation>;
