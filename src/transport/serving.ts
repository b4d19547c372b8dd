import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from '../kernel/fault.js';
import type { Clock } from '../kernel/clock.js';
import type { LaneProcessor } from './lane-processor.js';
import type { ServingHandle } from './transport.js';

/** How long BullMQ may take to tell the transport what has ended, and to hang up. */
const FAREWELL_MS = 1_000;
/** A lane with work, room and no movement for so long is stuck. */
const STUCK_AFTER_MS = 10_000;

interface Sighting {
  taken: number;
  sinceMs: number;
}

/** The lanes that this process serves, from the first delivery to the last. */
export class Serving implements ServingHandle {
  private paused?: Promise<unknown>;
  private closed?: Promise<void>;
  private readonly hungUp = new AbortController();
  private readonly stillSince = new Map<LaneProcessor, Sighting>();

  constructor(
    private readonly lanes: readonly LaneProcessor[],
    private readonly clock: Clock,
  ) {}

  pause(): void {
    // BullMQ's `pause` interrupts the blocking fetch and resolves when the last delivery is done and reported.
    this.paused ??= Promise.allSettled(this.lanes.map(({ worker }) => worker.pause()));
  }

  setConcurrency(queue: string, concurrency: number): void {
    const lane = this.lanes.find((candidate) => candidate.queue === queue);
    if (!lane) throw new Error(`the queue ${queue} is not served here`);
    lane.worker.concurrency = concurrency;
  }

  async close({ timeoutMs }: { timeoutMs: number }): Promise<void> {
    this.pause();
    await within(timeoutMs, this.ended(), this.hungUp.signal);
    this.closed ??= this.hangUp();
    await this.closed;
  }

  /** @throws Fault when a lane has waiting entries and free slots, and took nothing for `STUCK_AFTER_MS` */
  async assertProgress(waitingIn: (queue: string) => Promise<number>): Promise<void> {
    if (this.paused) return;
    for (const lane of this.lanes) {
      const isStill = lane.hasFreeSlot && (await waitingIn(lane.queue)) > 0;
      const nowMs = this.clock.monotonicMs();
      const seen = this.stillSince.get(lane);
      if (!isStill) this.stillSince.delete(lane);
      else if (seen?.taken !== lane.taken) this.stillSince.set(lane, { taken: lane.taken, sinceMs: nowMs });
      else if (nowMs - seen.sinceMs > STUCK_AFTER_MS) {
        throw new Fault(
          'transport.unavailable',
          `The queue ${lane.queue} has work and slots, but nothing moves`,
        );
      }
    }
  }

  private ended(): Promise<unknown> {
    const idle = Promise.all(this.lanes.map((lane) => lane.idle()));
    // With the transport down `pause` never ends, but then only its report is missing.
    return Promise.race([this.paused, idle.then(() => delay(FAREWELL_MS))]);
  }

  /** Of several callers the least patient one decides. */
  private async hangUp(): Promise<void> {
    this.hungUp.abort();
    for (const { worker } of this.lanes) worker.cancelAllJobs('the worker is shutting down');
    await within(FAREWELL_MS, Promise.allSettled(this.lanes.map(({ worker }) => worker.close(true))));
  }
}

/** Waits for `work`, but not longer than `limitMs` and not when `over` is aborted. */
async function within(limitMs: number, work: Promise<unknown>, over?: AbortSignal): Promise<void> {
  const timer = new AbortController();
  const signal = over ? AbortSignal.any([timer.signal, over]) : timer.signal;
  // All that the wait can fail with is that it was called off.
  const limit = delay(limitMs, undefined, { signal }).catch(() => {});
  await Promise.race([work, limit]);
  timer.abort();
}
