import type { OnApplicationShutdown } from '@nestjs/common';
import { publishingEnd } from './embedding-telemetry.js';
import { ImageEmbedder, type PictureInput } from './image-embedder.js';
import { dimensionOf, openModelFolder } from './model-folder.js';
import { modelBatches, modelThread, type ModelRunner } from './model-thread.js';
import type { SharedBatches } from './shared-batches.js';
import { presentable } from './text-windows.js';

const FILES = [
  'preprocessor_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'onnx/vision_model.onnx',
  'onnx/text_model.onnx',
];

/** Pictures and words in one space, by a CLIP model of a folder. */
export class ClipImageEmbedder extends ImageEmbedder implements OnApplicationShutdown {
  override readonly model: string;
  override readonly dimension: number;
  override readonly hasTextTower = true;
  private readonly runner: ModelRunner;
  private readonly pictures: SharedBatches<Uint8Array>;
  private readonly texts: SharedBatches<string>;

  /** @throws Fault `embedding.misconfigured` when the folder or the package is not complete */
  constructor(modelPath: string, open: () => ModelRunner = modelThread) {
    super();
    const folder = openModelFolder(modelPath, FILES);
    this.runner = open();
    this.model = folder.model;
    this.dimension = dimensionOf(folder, 'projection_dim');
    this.pictures = modelBatches(this.runner, this.dimension, (jpegs) => ({
      use: 'clip-image',
      modelPath,
      jpegs,
    }));
    this.texts = modelBatches(this.runner, this.dimension, (texts) => ({
      use: 'clip-text',
      modelPath,
      texts,
    }));
  }

  override embed(
    pictures: readonly PictureInput[],
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<Float32Array[]> {
    const jpegs = pictures.map(({ jpeg }) => jpeg);
    return publishingEnd({ kind: 'image', backend: 'clip', signal }, () =>
      this.pictures.embed(jpegs, signal),
    );
  }

  override embedText(
    texts: readonly string[],
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<Float32Array[]> {
    return this.texts.embed(texts.map(presentable), signal);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.runner.close();
  }
}
