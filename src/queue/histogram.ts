import { DURATION_BOUNDS_MS } from '../tasks/duration-bounds.js';

/**
 * Estimates a percentile from counts in fixed buckets, as Prometheus' `histogram_quantile` does: values are taken to
 * lie evenly within their bucket, those of the open last one at its lower bound.
 * @param counts how many values lie in bucket i, that is from `bounds[i - 1]` (0 for the first) to `bounds[i]`
 * @param bounds ascending upper bounds; one bucket more than bounds
 * @param share 0 to 1: 0.95 for the 95th percentile
 * @returns in the unit of the bounds, or `null` without any value
 */
export function percentile(
  counts: ReadonlyMap<number, number>,
  bounds: readonly number[],
  share: number,
): number | null {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (total <= 0) return null;
  let left = share * total;
  for (const [bucket, upper] of bounds.entries()) {
    const count = counts.get(bucket) ?? 0;
    const lower = bounds[bucket - 1] ?? 0;
    if (count > 0 && left <= count) return lower + (upper - lower) * (left / count);
    left -= count;
  }
  return bounds.at(-1) ?? null;
}

/**
 * A percentile of durations in whole milliseconds.
 * @param counts amounts by metric, as `stats` keeps them
 * @param prefix of the metrics that count the buckets: `wait.` or `run.`
 */
export function percentileMs(
  counts: Iterable<readonly [string, number]>,
  prefix: string,
  share: number,
): number | null {
  const buckets = [...counts]
    .filter(([metric]) => metric.startsWith(prefix))
    .map(([metric, amount]) => [Number(metric.slice(prefix.length)), amount] as const);
  const ms = percentile(new Map(buckets), DURATION_BOUNDS_MS, share);
  return ms === null ? null : Math.round(ms);
}
