import { Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { Outbound } from '../../http/outbound.js';
import { publishingEnd } from './embedding-telemetry.js';
import { HttpEmbeddings, modelName, VectorSpace, type HttpEmbeddingSettings } from './http-embeddings.js';
import { presentable } from './text-windows.js';
import { ImageEmbedder, type PictureInput } from './image-embedder.js';

const LIMITS = { timeoutMs: 60_000, maxInputs: 16, maxInFlight: 4 };

/**
 * Pictures by a service that speaks OpenAI's embeddings call and takes data URLs as inputs, with `modality: "image"` for
 * those that want to be told. Texts go to the same model: a service for pictures is expected to know words too.
 */
export class HttpImageEmbedder extends ImageEmbedder implements OnApplicationBootstrap {
  override readonly model: string;
  override readonly hasTextTower = true;
  private readonly pictures: HttpEmbeddings;
  private readonly texts: HttpEmbeddings;

  constructor(outbound: Outbound, settings: HttpEmbeddingSettings, limits = LIMITS) {
    super();
    this.model = modelName(settings);
    const space = new VectorSpace(settings.dimension);
    this.pictures = new HttpEmbeddings(outbound, settings, limits, space, { modality: 'image' });
    this.texts = new HttpEmbeddings(outbound, settings, limits, space, { modality: 'text' });
  }

  override get dimension(): number {
    return this.pictures.dimension;
  }

  override embed(
    pictures: readonly PictureInput[],
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<Float32Array[]> {
    return publishingEnd({ kind: 'image', backend: 'http', signal }, () =>
      this.pictures.embed(pictures.map(dataUrl), signal),
    );
  }

  override embedText(
    texts: readonly string[],
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<Float32Array[]> {
    return this.texts.embed(texts.map(presentable), signal);
  }

  onApplicationBootstrap(): void {
    this.texts.learnDimension().catch((error: unknown) => new Logger('Embeddings').warn(String(error)));
  }
}

function dataUrl({ jpeg }: PictureInput): string {
  return `data:image/jpeg;base64,${Buffer.from(jpeg).toString('base64')}`;
}
