import { defineTask } from '../tasks/define-task.js';
import { ReindexPayload, ReindexResult } from './reindex.contract.js';

const A_DAY_MS = 86_400_000;

/**
 * The task that makes all vectors of a feature anew. It goes on where it ended, so that a short TASK_TIMEOUT costs it
 * attempts, but no work.
 * @param queue of the same name as the feature
 */
export function defineReindex(queue: string) {
  return defineTask({
    type: `${queue}.reindex`,
    queue,
    payload: ReindexPayload,
    result: ReindexResult,
    maxAttempts: 10,
    timeoutMs: A_DAY_MS,
    // One fills; the other says that the first one is at it.
    concurrency: 2,
  });
}
