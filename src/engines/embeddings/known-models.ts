import { Fault } from '../../kernel/fault.js';

/** The models of one kind in this process: the one in use for what is new, and others that older vectors were made by. */
export abstract class KnownModels<Embedder extends { readonly model: string }> {
  /** Whose vectors they make, as `intake rebuild-vectors` calls it. */
  protected abstract readonly purpose: string;
  private readonly known: ReadonlyMap<string, Embedder>;

  /** @param others what can still be computed here beside it, such as the one that comes with the package */
  constructor(
    readonly current: Embedder,
    others: readonly Embedder[] = [],
  ) {
    this.known = new Map([...others, current].map((embedder) => [embedder.model, embedder]));
  }

  has(model: string): boolean {
    return this.known.has(model);
  }

  /** @throws Fault `embedding.model_missing` when it is not to be had here */
  of(model: string): Embedder {
    const embedder = this.known.get(model);
    if (embedder) return embedder;
    throw new Fault(
      'embedding.model_missing',
      `The vectors in use were made by ${model}, which is not configured here: configure it again, or run \`intake rebuild-vectors ${this.purpose}\``,
    );
  }
}
