import type { TaskView } from '../tasks/tasks.contract.js';
import { duration, renderFacts, moment, shorten } from './table.js';

const MAX_JSON = 400;

/** One task for people, without what it does not have. */
export function taskFacts(task: TaskView): string {
  const { error, progress } = task;
  const all = {
    task: task.task_id,
    name: task.external_id,
    type: task.type,
    queue: task.queue,
    status: task.reason ? `${task.status} (${task.reason})` : task.status,
    progress:
      progress.fraction && `${Math.round(progress.fraction * 100)} % ${progress.message ?? ''}`.trim(),
    error: error && `${error.code}: ${error.message}`,
    attempts: `${task.attempts} of ${task.max_attempts}`,
    priority: task.priority,
    batch: task.batch_id,
    worker: task.worker_id,
    created: moment(task.created_at),
    'runs at': task.finished_at ? null : moment(task.run_at),
    started: moment(task.started_at),
    finished: moment(task.finished_at),
    waited: duration(task.wait_ms),
    ran: duration(task.run_ms),
    payload: shorten(JSON.stringify(task.payload), MAX_JSON),
    result: task.result === null ? null : shorten(JSON.stringify(task.result), MAX_JSON),
  };
  return renderFacts(
    Object.fromEntries(Object.entries(all).filter(([, fact]) => fact !== null && fact !== undefined)),
  );
}
