const LONGEST_MS = 24 * 3_600_000;

/**
 * What a `Retry-After` asks for (RFC 9110, 10.2.3): seconds or a date.
 * @param nowMs what the other host's clock is taken to say
 * @returns at most a day; 0 for what is neither, or past
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number {
  if (!header) return 0;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - nowMs;
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), LONGEST_MS);
}
