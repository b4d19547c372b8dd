/** A process's own clock: durations only. What is stored is decided by Postgres' `now()`. */
export class Clock {
  /** Milliseconds that never run backwards; only differences mean something. */
  monotonicMs(): number {
    return performance.now();
  }

  /** Unix milliseconds, for log lines and human output. */
  wallMs(): number {
    return Date.now();
  }
}
