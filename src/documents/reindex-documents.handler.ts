import { Reindexer } from '../reindex/reindexer.js';
import { Handles, type TaskHandler, type TaskRun } from '../tasks/task-handler.js';
import { DocumentReindexSource } from './document-reindex-source.js';
import { ReindexDocuments } from './reindex-documents.task.js';

/** Vectors of all documents, from the passages that are stored of them. */
@Handles(ReindexDocuments)
export class ReindexDocumentsHandler implements TaskHandler<typeof ReindexDocuments> {
  constructor(
    private readonly reindexer: Reindexer,
    private readonly source: DocumentReindexSource,
  ) {}

  handle(run: TaskRun<typeof ReindexDocuments>) {
    return this.reindexer.run(run, this.source);
  }
}
