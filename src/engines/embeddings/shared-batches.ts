import { Batcher } from '../../kernel/batcher.js';

export type Outcome = { ok: Float32Array } | { error: unknown };

interface Wanted<In> {
  readonly input: In;
  readonly signal: AbortSignal | undefined;
}

/**
 * Puts what several callers want embedded into common batches: at once when nothing is under way, otherwise what came
 * together meanwhile. Who gives up is answered at once; a batch is given up only when nobody waits for it any more.
 */
export class SharedBatches<In> {
  private readonly batcher: Batcher<Wanted<In>, Float32Array>;

  /** @param run answers one outcome per input, in order */
  constructor(
    private readonly run: (inputs: readonly In[], signal: AbortSignal) => Promise<Outcome[]>,
    limits: { maxItems: number; maxInFlight: number },
  ) {
    this.batcher = new Batcher((wanted) => this.flush(wanted), limits);
  }

  /** @throws the first error of an input, or the signal's reason */
  async embed(inputs: readonly In[], signal?: AbortSignal): Promise<Float32Array[]> {
    signal?.throwIfAborted();
    const outcomes = this.batcher.addAll(inputs.map((input) => ({ input, signal })));
    return unlessAborted(Promise.all(outcomes), signal);
  }

  private async flush(wanted: readonly Wanted<In>[]): Promise<Outcome[]> {
    const alive = wanted.filter(({ signal }) => !signal?.aborted);
    const outcomes = alive.length > 0 ? await this.runFor(alive) : [];
    return wanted.map((each) => outcomes[alive.indexOf(each)] ?? { error: each.signal?.reason as unknown });
  }

  private async runFor(alive: readonly Wanted<In>[]): Promise<Outcome[]> {
    const given = new AbortController();
    const check = () => {
      if (alive.every(({ signal }) => signal?.aborted)) given.abort(alive[0].signal?.reason);
    };
    for (const { signal } of alive) signal?.addEventListener('abort', check);
    try {
      const inputs = alive.map(({ input }) => input);
      return await this.run(inputs, given.signal);
    } finally {
      for (const { signal } of alive) signal?.removeEventListener('abort', check);
    }
  }
}

function unlessAborted<Out>(work: Promise<Out>, signal: AbortSignal | undefined): Promise<Out> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    const stop = () => signal.removeEventListener('abort', abort);
    work.then(resolve, reject).finally(stop);
  });
}
