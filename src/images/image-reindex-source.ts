import { Injectable } from '@nestjs/common';
import type { PictureInput } from '../engines/embeddings/image-embedder.js';
import { ImageEmbedders } from '../engines/embeddings/image-embedders.js';
import { Fault } from '../kernel/fault.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import type { ReindexSample, ReindexSource } from '../reindex/reindex-source.js';
import type { ReindexItem, StoredItems } from '../reindex/stored-items.js';
import type { VectorPoint } from '../vectors/vector-store.js';
import { IMAGES, pointsOf, type IndexedWords } from './image-index.js';
import { ImageReindexRepository } from './image-reindex.repository.js';
import { PictureInputs } from './picture-inputs.js';

/** Images as a re-index sees them: thumbnails are read, and nothing is fetched from where the images came from. */
@Injectable()
export class ImageReindexSource implements ReindexSource {
  readonly alias = IMAGES;
  /** Thumbnails are read by other processes while a model looks at what was read. */
  readonly atOnce = 4;

  constructor(
    readonly models: ImageEmbedders,
    private readonly images: ImageReindexRepository,
    private readonly pictures: PictureInputs,
  ) {}

  get items(): StoredItems {
    return this.images.items;
  }

  async embed(item: ReindexItem, model: string, signal: AbortSignal): Promise<VectorPoint[]> {
    const scope = { tenantId: item.tenantId };
    const image = await this.images.read(scope, item);
    if (!image) return [];
    try {
      return pointsOf(image, await this.vectorOf(image.thumbnailKey, model, signal));
    } catch (error) {
      // It was replaced or deleted while we looked, and its thumbnail with it.
      if (isUnreadable(error) && !(await this.images.read(scope, item))) return [];
      throw isUnreadable(error) ? named(error, image.words) : error;
    }
  }

  /** Those that can still be read. */
  async samples(scope: TenantScope | null, limit: number, signal: AbortSignal): Promise<ReindexSample[]> {
    const samples: ReindexSample[] = [];
    for (const { tenantId, source, thumbnailKey } of await this.images.samples(scope, limit)) {
      const picture = await ifReadable(this.pictures.ofThumbnail(thumbnailKey, signal));
      if (picture)
        samples.push({ tenantId, source, embed: (...how) => this.vectorOfPicture(picture, ...how) });
    }
    return samples;
  }

  private async vectorOf(thumbnailKey: string, model: string, signal: AbortSignal): Promise<Float32Array> {
    const picture = await this.pictures.ofThumbnail(thumbnailKey, signal);
    return this.vectorOfPicture(picture, model, signal);
  }

  private async vectorOfPicture(
    picture: PictureInput,
    model: string,
    signal: AbortSignal,
  ): Promise<Float32Array> {
    const [vector] = await this.models.of(model).embed([picture], { signal });
    return vector;
  }
}

async function ifReadable(reading: Promise<PictureInput>): Promise<PictureInput | null> {
  try {
    return await reading;
  } catch (error) {
    if (isUnreadable(error)) return null;
    throw error;
  }
}

/** The file is gone, or damaged: another try does not help. */
function isUnreadable(error: unknown): error is Fault {
  return Fault.is(error) && !error.retryable && /^(source|image)\./.test(error.code);
}

function named({ code, detail, options }: Fault, { product_id, image_id }: IndexedWords): Fault {
  const fix = 'delete the image, submit it again, and start the re-index again: it goes on from here';
  const cannot = `The thumbnail of the image ${image_id} of ${product_id} cannot be read: ${fix}. ${detail}`;
  return new Fault(code, cannot, options);
}
