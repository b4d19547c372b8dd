import type { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { DeadLetterCause } from '../queue/bulk.contract.js';
import { QueueStats, WorkerTotals } from '../queue/queue.contract.js';
import { summaryText } from './summary.command.js';

function exampleOf<Schema extends z.ZodType>(schema: Schema): z.output<Schema> {
  return schema.parse((schema.meta() as { examples: unknown[] }).examples[0]);
}

describe('the summary', () => {
  it('is queues, workers and dead letters on one screen', () => {
    const text = summaryText({
      stats: exampleOf(QueueStats),
      workers: exampleOf(WorkerTotals),
      dead_letters: [exampleOf(DeadLetterCause)],
    });
    expect(text).toMatch(/^tasks +13 waiting, 4 running, 1840 completed, 3 failed$/m);
    expect(text).toMatch(/^oldest +1.4 s in documents$/m);
    expect(text).toMatch(/^slots +1 of 8 busy$/m);
    expect(text).toMatch(/^documents +13 +4 +2 +1.4 s +96.2 +0 % +2 +open$/m);
    expect(text).toMatch(/^ +12 +documents.process +document.corrupt: The document is damaged +2026-11-20/m);
  });
});
