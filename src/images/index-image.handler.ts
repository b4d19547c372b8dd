import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { ImageEmbedders } from '../engines/embeddings/image-embedders.js';
import type { Picture } from '../engines/pictures/picture.js';
import type { FetchedSource } from '../storage/source-reader.js';
import { Uploads } from '../storage/uploads.js';
import { Handles, type TaskHandler, type TaskRun } from '../tasks/task-handler.js';
import { completed } from '../tasks/task-outcome.js';
import { ignoring } from '../telemetry/ignoring.js';
import { ImageIndex, type PlannedVectors } from './image-index.js';
import { ImageReading } from './image-reading.js';
import { ImageRecords, type LookedAtImage } from './image-records.js';
import { IMAGE_UPLOADS } from './image-uploads.js';
import type { ImageResult } from './images.contract.js';
import { IndexImage } from './index-image.task.js';

type Run = TaskRun<typeof IndexImage>;

/** A picture in, a record, a thumbnail and a vector out; run twice, it leaves the same. */
@Handles(IndexImage)
export class IndexImageHandler implements TaskHandler<typeof IndexImage> {
  constructor(
    private readonly reading: ImageReading,
    private readonly embedders: ImageEmbedders,
    private readonly index: ImageIndex,
    private readonly records: ImageRecords,
    private readonly uploads: Uploads,
  ) {}

  async handle(run: Run) {
    const submission = run.payload.submission ?? (await this.records.register(run));
    const source = await this.reading.fetch(run);
    try {
      const recipe = recipeOf(run.payload, source, this.embedders.current.model);
      const known = await this.records.known(run, recipe);
      if (known) return completed(known);
      const picture = await this.reading.read(run, source);
      const vectors = await this.embed(run, picture);
      const looked = { picture, vectors, submission, sha256: source.sha256, recipe };
      return completed(await this.keep(run, looked));
    } finally {
      await source.dispose();
    }
  }

  private async embed(run: Run, { embedderInput }: Picture): Promise<PlannedVectors> {
    run.progress(0.5, 'embedding');
    run.log('embedding');
    const vectors = await this.index.look(embedderInput, run);
    run.log('embedded', { models: [...vectors.byModel.keys()] });
    return vectors;
  }

  /** A thumbnail that no row came to refer to is removed. */
  private async keep(run: Run, looked: Omit<LookedAtImage, 'thumbnailKey'>): Promise<ImageResult> {
    run.progress(0.9, 'storing');
    const thumbnail = Readable.from([looked.picture.thumbnail]);
    const { key, sizeBytes } = await this.uploads.put(IMAGE_UPLOADS, run.scope, thumbnail, run);
    run.log('storing', { thumbnail_bytes: sizeBytes });
    try {
      const result = await this.records.store(run, { ...looked, thumbnailKey: key });
      if (result.superseded) await this.release(key);
      return result;
    } catch (error) {
      await this.release(key);
      throw error;
    }
  }

  private async release(key: string): Promise<void> {
    await ignoring(this.uploads.release([key]), 'a thumbnail that nothing refers to is collected later');
  }
}

/** All that decides what a run leaves behind, as a hash. */
function recipeOf(
  { submission: _submission, image_path: _path, ...payload }: Run['payload'],
  source: FetchedSource,
  model: string,
): string {
  return createHash('sha256')
    .update(JSON.stringify([payload, source.sha256, model]))
    .digest('hex');
}
