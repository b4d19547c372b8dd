import type { QueueNumbers } from '../queue/queue.contract.js';
import { duration } from './table.js';

/** How many tasks wait in it, for whatever. */
export function waitingIn(queue: QueueNumbers): number {
  return queue.blocked_tasks + queue.scheduled_tasks + queue.pending_tasks + queue.queued_tasks;
}

/** How long the task waits that could have run for longest. */
export function oldestIn({ oldest_age_seconds: seconds }: QueueNumbers): string | null {
  return duration(seconds === null ? null : seconds * 1_000);
}

/** `96.2`: tasks that ended in a minute. */
export function perMinute(queue: QueueNumbers): number {
  return Math.round(queue.throughput_per_minute * 10) / 10;
}
