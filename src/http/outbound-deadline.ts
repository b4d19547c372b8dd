import { Fault } from '../kernel/fault.js';

/** The time that something may take, as a signal; ends earlier with the signal of whoever asked. */
export class Deadline {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private readonly stop: () => void;

  constructor(
    ms: number,
    private readonly parent?: AbortSignal,
  ) {
    this.stop = () => this.controller.abort(parent?.reason);
    this.timer = setTimeout(() => this.controller.abort(timeout(ms)), ms);
    if (parent?.aborted) this.stop();
    parent?.addEventListener('abort', this.stop, { once: true });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** The work's answer, if it comes in time; what cannot be stopped is left alone. @throws the signal's reason */
  race<T>(work: Promise<T>): Promise<T> {
    const { signal } = this;
    return new Promise((resolve, reject) => {
      const late = () => reject(signal.reason as Error);
      if (signal.aborted) late();
      signal.addEventListener('abort', late, { once: true });
      work.then(resolve, reject).finally(() => signal.removeEventListener('abort', late));
    });
  }

  /** Ends it now, for another reason than the clock's. */
  cut(reason: Fault): void {
    this.controller.abort(reason);
  }

  /** Who is done says so: the timer goes. */
  end(): void {
    clearTimeout(this.timer);
    this.parent?.removeEventListener('abort', this.stop);
  }

  /** What a failure below this deadline means: its own reason when it is over, a fault as it is, else `unreachable`. */
  faultOf(error: unknown): unknown {
    if (this.signal.aborted) return this.signal.reason;
    if (Fault.is(error)) return error;
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code ?? message;
    return new Fault('outbound.unreachable', `The host cannot be reached: ${why}`, { cause: error });
  }
}

function timeout(ms: number): Fault {
  return new Fault('outbound.timeout', `The host did not answer within ${ms / 1_000} s`);
}
