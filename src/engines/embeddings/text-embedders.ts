import { Fault } from '../../kernel/fault.js';
import type { TextEmbedder } from './text-embedder.js';

/** The text models of this process: the one in use for what is new, and others that older vectors were made by. */
export class TextEmbedders {
  private readonly known: ReadonlyMap<string, TextEmbedder>;

  /** @param others what can still be computed here beside it, such as the one that comes with the package */
  constructor(
    readonly current: TextEmbedder,
    others: readonly TextEmbedder[] = [],
  ) {
    this.known = new Map([...others, current].map((embedder) => [embedder.model, embedder]));
  }

  has(model: string): boolean {
    return this.known.has(model);
  }

  /** @throws Fault `embedding.model_missing` when it is not to be had here */
  of(model: string): TextEmbedder {
    const embedder = this.known.get(model);
    if (embedder) return embedder;
    throw new Fault(
      'embedding.model_missing',
      `The vectors in use were made by ${model}, which is not configured here: configure it again, or run \`intake rebuild-vectors\``,
    );
  }
}
