import type { Count } from '../tasks/task-stats.service.js';
import { percentileMs } from './histogram.js';

/** Metric name to amount, as `stats` keeps them: `depth.queued`, `total.failed`, `wait.7`. */
export type Metrics = ReadonlyMap<string, number>;

/** The sum of each metric over some queues. */
export function sumOf(counts: readonly Count[], queues: ReadonlySet<string>): Metrics {
  const sums = new Map<string, number>();
  for (const { queue, metric, amount } of counts) {
    if (queues.has(queue)) sums.set(metric, (sums.get(metric) ?? 0) + amount);
  }
  return sums;
}

/**
 * A queue in numbers.
 * @param sinceEver cumulative counters and depths
 * @param recent counters of the last `minutes` minutes
 */
export function numbersOf(sinceEver: Metrics, recent: Metrics, minutes: number) {
  const now = (status: string) => sinceEver.get(`depth.${status}`) ?? 0;
  const failed = recent.get('total.failed') ?? 0;
  const ended = failed + (recent.get('total.completed') ?? 0);
  return {
    pending_tasks: now('pending'),
    scheduled_tasks: now('scheduled'),
    blocked_tasks: now('blocked'),
    queued_tasks: now('queued'),
    processing_tasks: now('processing'),
    total_completed: sinceEver.get('total.completed') ?? 0,
    total_failed: sinceEver.get('total.failed') ?? 0,
    dead_letter_tasks: now('failed'),
    cancelled_tasks: now('cancelled'),
    throughput_per_minute: ended / minutes,
    failure_rate: ended === 0 ? 0 : failed / ended,
    wait_p95_ms: percentileMs(recent, 'wait.', 0.95),
    run_p95_ms: percentileMs(recent, 'run.', 0.95),
  };
}
