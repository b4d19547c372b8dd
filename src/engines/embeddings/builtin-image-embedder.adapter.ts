import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { builtEntry } from '../../kernel/built-entry.js';
import { Fault } from '../../kernel/fault.js';
import { RequestThread } from '../../kernel/request-thread.js';
import { publishingEnd } from './embedding-telemetry.js';
import { ImageEmbedder, type PictureInput } from './image-embedder.js';
import type { LookedAt } from './image-embedding.thread.js';
import { PICTURE_DIMENSION } from './picture-vector.js';
import { SharedBatches, type Outcome } from './shared-batches.js';

/** More at once are no faster on one core, and let the next ones wait longer. */
const PICTURES_PER_BATCH = 8;

/**
 * MobileNetV2 from an npm package together with a plain look at colours and edges, in a thread of its own. It finds
 * pictures that look alike, and knows no words. The model is loaded by the first call.
 */
@Injectable()
export class BuiltinImageEmbedder extends ImageEmbedder implements OnApplicationShutdown {
  /** Raise the version with anything that changes the vectors: weights, means, trimming, sizes. */
  override readonly model = 'mobilenet-v2-look-v1';
  override readonly dimension = PICTURE_DIMENSION;
  override readonly hasTextTower = false;

  private readonly thread = new RequestThread<readonly LookedAt[], Float32Array>(
    builtEntry(import.meta.url, './image-embedding.thread.js'),
  );
  private readonly batches = new SharedBatches<LookedAt>((pictures, signal) => this.run(pictures, signal), {
    maxItems: PICTURES_PER_BATCH,
    maxInFlight: 1,
  });

  override embed(
    pictures: readonly PictureInput[],
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<Float32Array[]> {
    const looked = pictures.map(({ pixels, colours, shapes }) => ({ pixels, colours, shapes }));
    return publishingEnd({ kind: 'image', backend: 'builtin', signal }, () =>
      this.batches.embed(looked, signal),
    );
  }

  override embedText(): Promise<Float32Array[]> {
    const fix = 'search names, descriptions and colours instead, or set IMAGE_EMBEDDER to clip or http';
    return Promise.reject(
      new Fault('embedding.no_text_tower', `The built-in image model knows no words; ${fix}`),
    );
  }

  async onApplicationShutdown(): Promise<void> {
    await this.thread.close();
  }

  private async run(pictures: readonly LookedAt[], signal: AbortSignal): Promise<Outcome[]> {
    try {
      const vectors = await this.thread.request(pictures, signal);
      return pictures.map((_, at) => ({
        ok: vectors.slice(at * PICTURE_DIMENSION, (at + 1) * PICTURE_DIMENSION),
      }));
    } catch (error) {
      signal.throwIfAborted();
      throw new Fault('embedding.unavailable', 'The image model failed; try again', { cause: error });
    }
  }
}
