import { Injectable } from '@nestjs/common';
import { ImageEmbedders } from '../engines/embeddings/image-embedders.js';
import type { Picture, PictureFacts } from '../engines/pictures/picture.js';
import { newId } from '../kernel/ids.js';
import { Uploads } from '../storage/uploads.js';
import type { TaskRun } from '../tasks/task-handler.js';
import { ignoring } from '../telemetry/ignoring.js';
import { DuplicatesRepository } from './duplicates.repository.js';
import { ImageIndex, type PlannedVectors } from './image-index.js';
import type { Exif, ImageResult } from './images.contract.js';
import { ImagesRepository, type LockedImage } from './images.repository.js';
import type { IndexImage } from './index-image.task.js';
import { NearDuplicates } from './near-duplicates.js';

type Run = TaskRun<typeof IndexImage>;

/** All that a run found out about an image. */
export interface LookedAtImage {
  picture: Picture;
  vectors: PlannedVectors;
  sha256: string;
  thumbnailKey: string;
  submission: number;
  recipe: string;
}

interface SavedImage {
  image: LockedImage;
  vectors: PlannedVectors;
}

/** What runs leave behind: the row, its vector, its pairs. */
@Injectable()
export class ImageRecords {
  constructor(
    private readonly images: ImagesRepository,
    private readonly duplicates: DuplicatesRepository,
    private readonly near: NearDuplicates,
    private readonly index: ImageIndex,
    private readonly embedders: ImageEmbedders,
    private readonly uploads: Uploads,
  ) {}

  /** For a task that came without a submission. @returns its number */
  async register({ effects, scope, payload, taskId }: Run): Promise<number> {
    const [submission] = await effects((tx) => this.images.register(tx, scope, [{ payload, taskId }]));
    return submission;
  }

  /** The same bytes were indexed in the same way before: everything is there already. */
  async known({ scope, payload, log }: Run, recipe: string): Promise<ImageResult | null> {
    const row = await this.images.find(scope, payload);
    if (!row || row.recipe !== recipe) return null;
    log('unchanged', { sha256: row.sha256 });
    const near = await this.duplicates.near(scope, [row.id]);
    return {
      product_id: row.productId,
      image_id: row.imageId,
      content_type: row.contentType ?? '',
      size_bytes: Number(row.sizeBytes),
      width: row.width ?? 0,
      height: row.height ?? 0,
      frames: row.frames ?? 1,
      sha256: row.sha256 ?? '',
      perceptual_hash: row.perceptualHash ?? '',
      model: row.model ?? '',
      colours: row.colours,
      near_duplicates: near.get(row.id) ?? [],
      unchanged: true,
      superseded: false,
    };
  }

  /**
   * The row and the vector first, then the pairs: of two images that are stored at the same time the later one meets the
   * earlier one.
   */
  async store(run: Run, looked: LookedAtImage): Promise<ImageResult> {
    const result = resultOf(run, looked, this.embedders.current.model);
    const saved = await this.save(run, looked);
    if (!saved) {
      run.log('superseded', { submission: looked.submission });
      return { ...result, superseded: true };
    }
    const { id, thumbnailKey } = saved.image;
    const replaced = thumbnailKey === null ? [] : [thumbnailKey];
    await ignoring(this.uploads.release(replaced), 'a replaced thumbnail is collected later');
    const hasPairs = await this.pair(run, saved, looked);
    if (!hasPairs) return result;
    const near = await this.duplicates.near(run.scope, [id]);
    return { ...result, near_duplicates: near.get(id) ?? [] };
  }

  /** @returns the image as it was before; nothing when a newer submission exists */
  private async save(run: Run, looked: LookedAtImage): Promise<SavedImage | null> {
    const { picture, sha256, thumbnailKey, submission } = looked;
    const { scope, payload } = run;
    const exif = toExif(picture.exif);
    const generation = newId();
    const { model } = this.embedders.current;
    for (let { vectors } = looked; ; vectors = await this.index.look(picture.embedderInput, run)) {
      const outcome = await run.effects(async (tx) => {
        const image = await this.images.lockNewest(tx, scope, payload, submission);
        if (!image) return null;
        const named = { image: image.id, words: payload, colours: picture.colours, generation };
        const staysDiscarded = image.isDiscarded && image.sha256 === sha256;
        if (!staysDiscarded && !(await this.index.replace(tx, scope, { ...named, ...vectors })))
          return 'another collection serves';
        await this.images.save(tx, image, { picture, exif, sha256, model, thumbnailKey, generation });
        return { image, vectors };
      });
      if (outcome !== 'another collection serves') return outcome;
    }
  }

  /** @returns whether it looks like any other */
  private async pair(
    run: Run,
    { image: { id }, vectors }: SavedImage,
    looked: LookedAtImage,
  ): Promise<boolean> {
    const { picture, submission, recipe } = looked;
    const alike = await this.near.find(run.scope, { id, hash: picture.perceptualHash, vectors });
    await run.effects(async (tx) => {
      const image = await this.images.lockNewest(tx, run.scope, run.payload, submission);
      if (!image) return;
      await this.duplicates.replacePairs(tx, run.scope, id, image.isDiscarded ? [] : alike);
      await this.images.finish(tx, id, recipe);
    });
    return alike.length > 0;
  }
}

function resultOf({ payload }: Run, { picture, sha256 }: LookedAtImage, model: string): ImageResult {
  return {
    product_id: payload.product_id,
    image_id: payload.image_id,
    content_type: picture.contentType,
    size_bytes: picture.sizeBytes,
    width: picture.width,
    height: picture.height,
    frames: picture.frames,
    sha256,
    perceptual_hash: picture.perceptualHash,
    model,
    colours: [...picture.colours],
    near_duplicates: [],
    unchanged: false,
    superseded: false,
  };
}

function toExif({ exposureSeconds, focalLengthMm, ...facts }: PictureFacts): Exif {
  return {
    ...facts,
    ...(exposureSeconds === undefined ? {} : { exposure_seconds: exposureSeconds }),
    ...(focalLengthMm === undefined ? {} : { focal_length_mm: focalLengthMm }),
  };
}
