import { z } from 'zod';
import type { Json } from '../kernel/json.js';
import { OperationView } from '../operations/operations.contract.js';
import { BulkPreview, type CancelTasks } from '../queue/bulk.contract.js';
import { Explanation } from '../tasks/explain.contract.js';
import {
  AcceptedBatch,
  AcceptedTask,
  AttemptView,
  BatchView,
  CancelledTask,
  EventView,
  LogView,
  TaskView,
  type CreateTask,
  type CreateTaskBatch,
  type ReviseTask,
  type TaskStatusFilter,
} from '../tasks/tasks.contract.js';
import type { CallOptions, HttpCalls } from './http-calls.js';
import { pageOf, type PageOptions } from './page.js';

export interface TaskFilter extends PageOptions {
  status?: z.input<typeof TaskStatusFilter>;
  type?: string;
  queue?: string;
  user_id?: string;
  client_id?: string;
  tag?: string;
  batch_id?: string;
  created_after?: string;
  created_before?: string;
  error_code?: string;
  fingerprint?: string;
  worker_id?: string;
  q?: string;
}

export type CancelFilter = z.input<typeof CancelTasks>['filter'];

/** Tasks of any type. `name` is a task's id, or the name that its client gave it. */
export class TaskCalls {
  constructor(private readonly calls: HttpCalls) {}

  submit(task: z.input<typeof CreateTask>, options: CallOptions = {}) {
    return this.calls.json('/api/tasks', AcceptedTask, {
      ...options,
      method: 'POST',
      json: task,
      creates: true,
    });
  }

  /** Up to 1,000, all or nothing. */
  batch(tasks: z.input<typeof CreateTaskBatch>['tasks'], options: CallOptions = {}) {
    const call = { ...options, method: 'POST', json: { tasks }, creates: true } as const;
    return this.calls.json('/api/tasks/batch', AcceptedBatch, call);
  }

  /** How many tasks of a batch are in each status. */
  getBatch(batchId: string, options: CallOptions = {}) {
    return this.calls.json(`/api/batches/${encodeURIComponent(batchId)}`, BatchView, options);
  }

  get(name: string, options: CallOptions = {}) {
    return this.calls.json(pathOf(name), TaskView, options);
  }

  /** Newest first. */
  list(filter: TaskFilter = {}, options: CallOptions = {}) {
    return this.calls.json('/api/tasks', pageOf(TaskView), { ...options, query: { ...filter } });
  }

  attempts(name: string, page: PageOptions = {}, options: CallOptions = {}) {
    return this.calls.json(`${pathOf(name)}/attempts`, pageOf(AttemptView), {
      ...options,
      query: { ...page },
    });
  }

  /** The history, oldest first. */
  events(name: string, page: PageOptions = {}, options: CallOptions = {}) {
    return this.calls.json(`${pathOf(name)}/events`, pageOf(EventView), { ...options, query: { ...page } });
  }

  logs(name: string, page: PageOptions = {}, options: CallOptions = {}) {
    return this.calls.json(`${pathOf(name)}/logs`, pageOf(LogView), { ...options, query: { ...page } });
  }

  /** Why it is not done, the most decisive reason first, each with the next step. */
  explain(name: string, options: CallOptions = {}) {
    return this.calls.json(`${pathOf(name)}/explain`, Explanation, options);
  }

  cancel(name: string, options: CallOptions = {}) {
    return this.calls.json(`${pathOf(name)}/cancel`, CancelledTask, { ...options, method: 'POST' });
  }

  /** Cancels whatever is not final of the chosen tasks, in the background. */
  cancelMany(filter: CancelFilter, options: CallOptions = {}) {
    const call = { ...options, method: 'POST', json: { filter }, creates: true } as const;
    return this.calls.json('/api/tasks/cancel', OperationView, call);
  }

  /** What {@link cancelMany} would cancel; nothing is. */
  previewCancel(filter: CancelFilter, options: CallOptions = {}) {
    const call = { ...options, method: 'POST', json: { filter, dry_run: true }, reads: true } as const;
    return this.calls.json('/api/tasks/cancel', BulkPreview, call);
  }

  /** Another priority or time, while it waits. */
  revise(name: string, revision: z.input<typeof ReviseTask>, options: CallOptions = {}) {
    return this.calls.json(pathOf(name), TaskView, { ...options, method: 'PATCH', json: revision });
  }

  /** @param payload replaces the old one */
  retry(name: string, payload?: Json, options: CallOptions = {}) {
    const json = payload === undefined ? {} : { payload };
    return this.calls.json(`${pathOf(name)}/retry`, TaskView, { ...options, method: 'POST', json });
  }
}

function pathOf(name: string): string {
  return `/api/tasks/${encodeURIComponent(name)}`;
}
