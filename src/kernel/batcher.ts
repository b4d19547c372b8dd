interface Waiting<In, Out> {
  item: In;
  resolve: (out: Out) => void;
  reject: (error: unknown) => void;
}

/**
 * Coalesces calls without a timer: the first call flushes at once, calls that arrive while a flush is in flight
 * wait for it and go together. An idle system adds no delay, a busy one shares round trips and fsyncs.
 */
export class Batcher<In, Out> {
  private waiting: Waiting<In, Out>[] = [];
  private inFlight = 0;

  /** @param flush answers one outcome per item, in order: `{ ok }` or `{ error }`; may also throw for all of them */
  constructor(
    private readonly flush: (items: In[]) => Promise<Array<{ ok: Out } | { error: unknown }>>,
    private readonly limits: { maxItems: number; maxInFlight: number },
  ) {}

  add(item: In): Promise<Out> {
    return this.addAll([item])[0];
  }

  /** Items that belong together: they go with one flush, as far as one takes them. */
  addAll(items: readonly In[]): Promise<Out>[] {
    const outcomes = items.map(
      (item) =>
        new Promise<Out>((resolve, reject) => {
          this.waiting.push({ item, resolve, reject });
        }),
    );
    this.pump();
    return outcomes;
  }

  private pump(): void {
    while (this.waiting.length > 0 && this.inFlight < this.limits.maxInFlight) {
      void this.run(this.waiting.splice(0, this.limits.maxItems));
    }
  }

  private async run(batch: Waiting<In, Out>[]): Promise<void> {
    this.inFlight += 1;
    try {
      const outcomes = await this.flush(batch.map(({ item }) => item));
      batch.forEach(({ resolve, reject }, at) => {
        const outcome = outcomes[at];
        if (outcome && 'ok' in outcome) resolve(outcome.ok);
        else reject(outcome?.error ?? new Error('the batch answered fewer outcomes than items'));
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.inFlight -= 1;
      this.pump();
    }
  }
}
