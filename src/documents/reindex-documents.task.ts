import { ReindexPayload, ReindexResult } from '../reindex/reindex.contract.js';
import { defineTask } from '../tasks/define-task.js';

const A_DAY_MS = 86_400_000;

/** Goes on where it ended, so that a short TASK_TIMEOUT costs it attempts, but no work. */
export const ReindexDocuments = defineTask({
  type: 'documents.reindex',
  queue: 'documents',
  payload: ReindexPayload,
  result: ReindexResult,
  maxAttempts: 10,
  timeoutMs: A_DAY_MS,
});
