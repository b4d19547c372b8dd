import type { TaskDefinition } from '../tasks/define-task.js';
import type { TaskRun } from '../tasks/task-handler.js';
import type { VectorCollection } from '../vectors/vector-collections.js';
import type { ReindexCursor } from './stored-items.js';
import type { ReindexPayload, ReindexResult } from './reindex.contract.js';

/** One attempt at a re-index, whatever its type. */
export type ReindexRun = TaskRun<TaskDefinition<typeof ReindexPayload, typeof ReindexResult>>;

/** What an attempt has to fill, and how far an earlier one came. */
export interface ReindexJob {
  target: VectorCollection;
  cursor: ReindexCursor | null;
  done: number;
}
