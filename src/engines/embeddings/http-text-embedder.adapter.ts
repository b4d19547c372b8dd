import { Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { Outbound } from '../../http/outbound.js';
import { publishingEnd } from './embedding-telemetry.js';
import { HttpEmbeddings, modelName, type HttpEmbeddingSettings } from './http-embeddings.js';
import { TextEmbedder } from './text-embedder.js';
import { cutText, meanDirection, presentable } from './text-windows.js';

const LIMITS = { timeoutMs: 60_000, maxInputs: 64, maxInFlight: 4 };
/** Some 2,000 tokens of English, which any service takes. */
const WINDOW_CHARACTERS = 8_000;

/** Texts by a service that speaks OpenAI's embeddings call. A long text gets the mean direction of its windows. */
export class HttpTextEmbedder extends TextEmbedder implements OnApplicationBootstrap {
  override readonly model: string;
  private readonly service: HttpEmbeddings;

  constructor(outbound: Outbound, settings: HttpEmbeddingSettings, limits = LIMITS) {
    super();
    this.model = modelName(settings);
    this.service = new HttpEmbeddings(outbound, settings, limits);
  }

  override get dimension(): number {
    return this.service.dimension;
  }

  override async embed(
    texts: readonly string[],
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<Float32Array[]> {
    const cuts = texts.map((text) => cutText(presentable(text), WINDOW_CHARACTERS));
    const vectors = await publishingEnd({ kind: 'text', backend: 'http', signal }, () =>
      this.service.embed(cuts.flat(), signal),
    );
    return cuts.map((windows) => meanDirection(vectors.splice(0, windows.length)));
  }

  onApplicationBootstrap(): void {
    this.service.learnDimension().catch((error: unknown) => new Logger('Embeddings').warn(String(error)));
  }
}
