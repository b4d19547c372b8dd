import type { TaskHistory } from '../tasks/task-stats.service.js';
import { percentileMs } from './histogram.js';
import type { QueueHistoryPoint } from './queue.contract.js';

type Counts = Readonly<Record<string, number>>;

const WAITING = ['blocked', 'scheduled', 'pending', 'queued'];
const AFTER = -1;

/**
 * One point for every step, also for those in which nothing happened. Depths are those at a step's end: today's, less
 * what changed since, so that they are exact whatever was folded, and when.
 */
export function pointsOf({ from, to, steps }: TaskHistory, stepSeconds: number): QueueHistoryPoint[] {
  const stepMs = stepSeconds * 1_000;
  const changes = new Map(steps.map(({ step, counts }) => [step, counts]));
  const depths = depthsOf(changes.get(null) ?? {});
  depths.subtract(changes.get(AFTER) ?? {});
  const points: QueueHistoryPoint[] = [];
  for (let step = (to.getTime() - from.getTime()) / stepMs - 1; step >= 0; step -= 1) {
    const counts = changes.get(step) ?? {};
    const at = new Date(from.getTime() + step * stepMs).toISOString();
    points.push({ at, ...flowsOf(counts), ...depths.read() });
    depths.subtract(counts);
  }
  return points.toReversed();
}

function depthsOf(now: Counts) {
  const of = (counts: Counts, status: string) => counts[`depth.${status}`] ?? 0;
  const waitingOf = (counts: Counts) => WAITING.reduce((sum, status) => sum + of(counts, status), 0);
  let [depth, processing] = [waitingOf(now), of(now, 'processing')];
  return {
    read: () => ({ depth, processing }),
    subtract: (change: Counts) => {
      depth -= waitingOf(change);
      processing -= of(change, 'processing');
    },
  };
}

function flowsOf(counts: Counts) {
  const all = Object.entries(counts);
  return {
    submitted: counts['total.submitted'] ?? 0,
    completed: counts['total.completed'] ?? 0,
    failed: counts['total.failed'] ?? 0,
    cancelled: counts['total.cancelled'] ?? 0,
    wait_p50_ms: percentileMs(all, 'wait.', 0.5),
    wait_p95_ms: percentileMs(all, 'wait.', 0.95),
    run_p50_ms: percentileMs(all, 'run.', 0.5),
    run_p95_ms: percentileMs(all, 'run.', 0.95),
  };
}
