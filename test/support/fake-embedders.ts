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
