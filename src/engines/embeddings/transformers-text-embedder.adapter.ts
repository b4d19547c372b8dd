import type { OnApplicationShutdown } from '@nestjs/common';
import { publishingEnd } from './embedding-telemetry.js';
import { dimensionOf, openModelFolder } from './model-folder.js';
import { modelBatches, modelThread, type ModelRunner } from './model-thread.js';
import type { SharedBatches } from './shared-batches.js';
import { TextEmbedder } from './text-embedder.js';
import { cutText, meanDirection, presentable } from './text-windows.js';

const FILES = ['tokenizer.json', 'tokenizer_config.json', 'onnx/model.onnx'];
/** Some 500 tokens of English, which most models read at once. */
const WINDOW_CHARACTERS = 2_000;

/** Texts by a sentence-transformers model of a folder, mean-pooled. A long text gets the mean direction of its windows. */
export class TransformersTextEmbedder extends TextEmbedder implements OnApplicationShutdown {
  override readonly model: string;
  override readonly dimension: number;
  private readonly runner: ModelRunner;
  private readonly batches: SharedBatches<string>;

  /** @throws Fault `embedding.misconfigured` when the folder or the package is not complete */
  constructor(modelPath: string, open: () => ModelRunner = modelThread) {
    super();
    const folder = openModelFolder(modelPath, FILES);
    this.runner = open();
    this.model = folder.model;
    this.dimension = dimensionOf(folder, 'hidden_size');
    this.batches = modelBatches(this.runner, this.dimension, (texts) => ({ use: 'text', modelPath, texts }));
  }

  override async embed(
    texts: readonly string[],
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<Float32Array[]> {
    const cuts = texts.map((text) => cutText(presentable(text), WINDOW_CHARACTERS));
    const vectors = await publishingEnd({ kind: 'text', backend: 'transformers', signal }, () =>
      this.batches.embed(cuts.flat(), signal),
    );
    return cuts.map((windows) => meanDirection(vectors.splice(0, windows.length)));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.runner.close();
  }
}
