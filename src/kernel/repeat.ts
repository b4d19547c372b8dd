import { Fault } from './fault.js';

/**
 * Runs work whose repetition is harmless until it succeeds, waiting a little longer each time (50 ms to 1 s) while
 * `again` says that trying again can help.
 * @param untilMs gives up after this many milliseconds and rethrows; `Infinity` never gives up
 */
export async function repeat<T>(
  work: () => Promise<T>,
  again: (error: unknown) => boolean,
  untilMs: number,
): Promise<T> {
  const startMs = performance.now();
  for (let delayMs = 50; ; delayMs = Math.min(delayMs * 2, 1_000)) {
    try {
      return await work();
    } catch (error) {
      if (!again(error) || performance.now() - startMs + delayMs > untilMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
}

export function isDatabaseDown(error: unknown): boolean {
  return Fault.is(error, 'database.unavailable');
}
