export interface Backoff {
  baseMs: number;
  factor: number;
  maxMs: number;
  /** Share of the delay that is random, 0 to 1: 0.2 spreads a delay over plus or minus 20 %. */
  jitter: number;
}

/**
 * Exponential back-off: `base * factor^(attempt - 1)`, capped, then spread by the jitter.
 * @param attempt attempts spent so far, from 1
 * @returns milliseconds
 */
export function backoffMs(backoff: Backoff, attempt: number, random: () => number = Math.random): number {
  const delayMs = Math.min(backoff.maxMs, backoff.baseMs * backoff.factor ** (attempt - 1));
  return Math.round(delayMs * (1 + backoff.jitter * (2 * random() - 1)));
}
