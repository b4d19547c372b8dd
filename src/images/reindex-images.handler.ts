import { Reindexer } from '../reindex/reindexer.js';
import { Handles, type TaskHandler, type TaskRun } from '../tasks/task-handler.js';
import { ImageReindexSource } from './image-reindex-source.js';
import { ReindexImages } from './reindex-images.task.js';

/** Vectors of all images, from the thumbnails that are stored of them. */
@Handles(ReindexImages)
export class ReindexImagesHandler implements TaskHandler<typeof ReindexImages> {
  constructor(
    private readonly reindexer: Reindexer,
    private readonly source: ImageReindexSource,
  ) {}

  handle(run: TaskRun<typeof ReindexImages>) {
    return this.reindexer.run(run, this.source);
  }
}
