import { setTimeout as delay } from 'node:timers/promises';

/**
 * Polls until `probe` answers something true, and returns it. A throwing probe counts as "not yet".
 * @throws the probe's last error, or one that names the time that was given
 */
export async function eventually<T>(
  probe: () => T | Promise<T>,
  { timeoutMs = 10_000, everyMs = 25 }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<NonNullable<T>> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    let failure: unknown = new Error(`not true within ${timeoutMs} ms`);
    try {
      const answer = await probe();
      if (answer) return answer;
    } catch (error) {
      failure = error;
    }
    if (performance.now() > deadlineMs) throw failure;
    await delay(everyMs);
  }
}
