import type { z } from 'zod';
import { OperationView } from '../operations/operations.contract.js';
import {
  BulkPreview,
  DeadLetterCause,
  type DiscardDeadLetters,
  type ReplayDeadLetters,
} from '../queue/bulk.contract.js';
import { TaskView } from '../tasks/tasks.contract.js';
import type { CallOptions, HttpCalls } from './http-calls.js';
import { pageOf } from './page.js';
import type { TaskFilter } from './task-calls.js';

export type DeadLetterFilter = Omit<z.input<typeof DiscardDeadLetters>['filter'], 'status'>;
type ReplayRequest = Pick<z.input<typeof ReplayDeadLetters>, 'rate_per_second'> & {
  filter: DeadLetterFilter;
};

const PATH = '/api/queue/dead-letters';

/** Tasks that failed for good. */
export class DeadLetterCalls {
  constructor(private readonly calls: HttpCalls) {}

  /** Newest first. */
  list(filter: Omit<TaskFilter, 'status' | 'worker_id'> = {}, options: CallOptions = {}) {
    return this.calls.json(PATH, pageOf(TaskView), { ...options, query: { ...filter } });
  }

  /** By cause, the most frequent first. */
  summary(filter: Omit<TaskFilter, 'status' | 'worker_id' | 'q'> = {}, options: CallOptions = {}) {
    return this.calls.json(`${PATH}/summary`, pageOf(DeadLetterCause), { ...options, query: { ...filter } });
  }

  /** What {@link replay} or {@link discard} would change; nothing is. */
  preview(filter: DeadLetterFilter, options: CallOptions = {}) {
    const json = { filter, dry_run: true };
    return this.calls.json(`${PATH}/replay`, BulkPreview, { ...options, method: 'POST', json, reads: true });
  }

  /** Runs them again, in the background. */
  replay(request: ReplayRequest, options: CallOptions = {}) {
    const call = { ...options, method: 'POST', json: request, creates: true } as const;
    return this.calls.json(`${PATH}/replay`, OperationView, call);
  }

  /** Removes them, in the background. */
  discard(filter: DeadLetterFilter, options: CallOptions = {}) {
    const call = { ...options, method: 'POST', json: { filter }, creates: true } as const;
    return this.calls.json(`${PATH}/discard`, OperationView, call);
  }
}
