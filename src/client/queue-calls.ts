import type { z } from 'zod';
import { AcceptedImage, type EnqueueImage, type EnqueueImages } from '../images/images.contract.js';
import { CleanedUp, Flushed, type CleanUp } from '../queue/bulk.contract.js';
import { QueueHistory, QueueStats, QueueView, WorkerTotals, WorkerView } from '../queue/queue.contract.js';
import { AcceptedBatch, TaskView } from '../tasks/tasks.contract.js';
import { DeadLetterCalls } from './dead-letter-calls.js';
import type { CallOptions, HttpCalls } from './http-calls.js';
import { pageOf, type PageOptions } from './page.js';

/** Queues and workers, as an operator sees them. */
export class QueueCalls {
  readonly deadLetters: DeadLetterCalls;

  constructor(private readonly calls: HttpCalls) {
    this.deadLetters = new DeadLetterCalls(calls);
  }

  /** Indexes one image that lies in a storage, in a bucket, in a folder of the workers or behind a URL. */
  enqueue(request: z.input<typeof EnqueueImage>, options: CallOptions = {}) {
    const call = { ...options, method: 'POST', json: request, creates: true } as const;
    return this.calls.json('/api/queue/enqueue', AcceptedImage, call);
  }

  /** Up to 1,000 images, all or nothing. */
  enqueueBatch(request: z.input<typeof EnqueueImages>, options: CallOptions = {}) {
    const call = { ...options, method: 'POST', json: request, creates: true } as const;
    return this.calls.json('/api/queue/enqueue/batch', AcceptedBatch, call);
  }

  /** One task, as `tasks.get` has it. */
  status(taskId: string, options: CallOptions = {}) {
    return this.calls.json(`/api/queue/status/${encodeURIComponent(taskId)}`, TaskView, options);
  }

  /** @param query.window minutes that rates and percentiles look back */
  stats(query: { queue?: string; window?: number } = {}, options: CallOptions = {}) {
    return this.calls.json('/api/queue/stats', QueueStats, { ...options, query });
  }

  /** @param query.step seconds, or a number with its unit: `5m`, `1h`; times are RFC 3339 */
  history(
    query: { queue?: string; from?: string; to?: string; step?: string | number } = {},
    options: CallOptions = {},
  ) {
    return this.calls.json('/api/queue/history', QueueHistory, { ...options, query });
  }

  queues(page: PageOptions = {}, options: CallOptions = {}) {
    return this.calls.json('/api/queue/queues', pageOf(QueueView), { ...options, query: { ...page } });
  }

  /** Once this is answered no task of the queue starts anywhere; what runs goes on. */
  pause(queue: string, options: CallOptions = {}) {
    return this.switch(queue, 'pause', options);
  }

  resume(queue: string, options: CallOptions = {}) {
    return this.switch(queue, 'resume', options);
  }

  workers(page: PageOptions = {}, options: CallOptions = {}) {
    return this.calls.json('/api/queue/workers', pageOf(WorkerView), { ...options, query: { ...page } });
  }

  worker(workerId: string, options: CallOptions = {}) {
    return this.calls.json(`/api/queue/workers/${encodeURIComponent(workerId)}`, WorkerView, options);
  }

  /** Asks it to take nothing more and to end; its supervisor leaves it down. */
  drainWorker(workerId: string, options: CallOptions = {}) {
    const path = `/api/queue/workers/${encodeURIComponent(workerId)}/drain`;
    return this.calls.json(path, WorkerView, { ...options, method: 'POST' });
  }

  workerTotals(options: CallOptions = {}) {
    return this.calls.json('/api/queue/workers/stats', WorkerTotals, options);
  }

  /** Removes completed and cancelled tasks that ended long enough ago. */
  cleanUp(request: z.input<typeof CleanUp> = {}, options: CallOptions = {}) {
    const call = { ...options, method: 'POST', json: request, reads: true } as const;
    return this.calls.json('/api/queue/cleanup', CleanedUp, call);
  }

  /** Cancels everything that waits. @param queue one queue; all without it */
  flush(queue?: string, options: CallOptions = {}) {
    const json = { queue, confirm: true };
    return this.calls.json('/api/queue/flush', Flushed, { ...options, method: 'POST', json });
  }

  /** Setting a switch twice is setting it once: it may be repeated. */
  private switch(queue: string, to: 'pause' | 'resume', options: CallOptions) {
    const path = `/api/queue/queues/${encodeURIComponent(queue)}/${to}`;
    return this.calls.json(path, QueueView, { ...options, method: 'POST', reads: true });
  }
}
