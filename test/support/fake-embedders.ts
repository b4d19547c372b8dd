import {
  ImageEmbedder,
  PICTURE_SIDE,
  type PictureInput,
} from '../../src/engines/embeddings/image-embedder.js';
import { TextEmbedder } from '../../src/engines/embeddings/text-embedder.js';

/** Never ends but by the signal. */
export function untilStopped(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

/** Puts each word on an axis of its own, as far as there are axes: texts are near that share words. */
export class FakeTextEmbedder extends TextEmbedder {
  /** Texts that it was given. */
  embedded = 0;
  /** Called before each batch. */
  before: (texts: readonly string[], signal?: AbortSignal) => Promise<void> | void = () => undefined;

  constructor(
    override readonly model: string,
    override readonly dimension: number,
  ) {
    super();
  }

  override async embed(texts: readonly string[], { signal }: { signal?: AbortSignal } = {}) {
    await this.before(texts, signal);
    signal?.throwIfAborted();
    this.embedded += texts.length;
    return texts.map((text) => this.vectorOf(text));
  }

  private vectorOf(text: string): Float32Array {
    const vector = new Float32Array(this.dimension).fill(0.01);
    for (const word of text.toLowerCase().match(/[a-z0-9]+/g) ?? []) vector[this.axisOf(word)] += 1;
    const length = Math.hypot(...vector);
    return vector.map((value) => value / length);
  }

  private axisOf(word: string): number {
    let hash = this.model.length;
    for (const letter of word) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 1_000_003;
    return hash % this.dimension;
  }
}

/** Looks at a picture's pixels in coarse squares, in an order of its own for each model. */
export class FakeImageEmbedder extends ImageEmbedder {
  override readonly dimension = 48;
  /** Pictures that it was given. */
  embedded = 0;
  /** Called before each batch. */
  before: (signal?: AbortSignal) => Promise<void> | void = () => undefined;

  constructor(
    override readonly model: string,
    override readonly hasTextTower = false,
  ) {
    super();
  }

  override async embed(
    pictures: readonly PictureInput[],
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<Float32Array[]> {
    await this.before(signal);
    signal?.throwIfAborted();
    this.embedded += pictures.length;
    return pictures.map(({ pixels }) => this.vectorOf(pixels));
  }

  /** Words for a picture of one colour all over. */
  override embedText(texts: readonly string[]): Promise<Float32Array[]> {
    return Promise.resolve(texts.map(() => this.vectorOf(new Uint8Array(PICTURE_SIDE ** 2 * 3).fill(200))));
  }

  private vectorOf(pixels: Uint8Array): Float32Array {
    const vector = new Float32Array(this.dimension).fill(0.01);
    for (const [at, value] of pixels.entries()) vector[this.axisOf(at)] += value - 128;
    const length = Math.hypot(...vector);
    return vector.map((value) => value / length);
  }

  /** 4 x 4 squares of three colours. */
  private axisOf(at: number): number {
    const [pixel, side] = [Math.floor(at / 3), PICTURE_SIDE / 4];
    const square = Math.floor((pixel % PICTURE_SIDE) / side) + 4 * Math.floor(pixel / PICTURE_SIDE / side);
    return (square * 3 + (at % 3) + this.model.length) % this.dimension;
  }
}
