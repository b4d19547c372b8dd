import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Logger } from '@nestjs/common';
import { WaitingError, type Job, type WorkerOptions } from 'bullmq';
import type { Delivery, Lane, OnDelivery } from './transport.js';
import type { WorkerErrors } from './worker-errors.js';

/** What every lane does with a job of its queue. */
export abstract class LaneProcessor extends WorkerHost {
  /** Deliveries taken since the start. */
  taken = 0;
  private readonly running = new Set<Promise<void>>();
  private readonly logger = new Logger('Transport');

  constructor(
    readonly queue: string,
    private readonly onDelivery: OnDelivery,
    private readonly errors: WorkerErrors,
  ) {
    super();
  }

  get hasFreeSlot(): boolean {
    return this.running.size < this.worker.concurrency;
  }

  /** Resolves when what runs now has ended. */
  async idle(): Promise<void> {
    await Promise.all(this.running);
  }

  /** BullMQ gives the signal only to a processor that declares three parameters. */
  override process(job: Job, token: string | undefined, signal?: AbortSignal): Promise<void> {
    if (this.worker.isPaused()) return this.giveBack(job, token);
    this.taken += 1;
    const run = this.run(job, signal ?? new AbortController().signal);
    this.running.add(run);
    return run.finally(() => this.running.delete(run));
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    this.errors.note(error);
  }

  /** A fetch that was under way when the lane was paused may still bring one. */
  private async giveBack(job: Job, token: string | undefined): Promise<never> {
    await job.moveToWait(token).catch((error: Error) => this.errors.note(error));
    throw new WaitingError();
  }

  private async run(job: Job, signal: AbortSignal): Promise<void> {
    const delivery = toDelivery(this.queue, job);
    try {
      await this.onDelivery(delivery, signal);
    } catch (error) {
      // Whether the task failed stands in Postgres; to the transport every delivery is done.
      this.logger.debug({ msg: 'a delivery ended with an error', taskId: delivery.taskId, err: error });
    }
  }
}

function toDelivery(queue: string, job: Job): Delivery {
  const key = job.id ?? '';
  const dash = key.lastIndexOf('-');
  return { queue, taskId: key.slice(0, dash), epoch: Number(key.slice(dash + 1)), type: job.name };
}

/** The class that `@nestjs/bullmq` discovers as the worker of this lane. */
export function laneProcessorOf(lane: Lane, options: WorkerOptions) {
  @Processor({ name: lane.queue }, { ...options, concurrency: lane.concurrency })
  class ServedLane extends LaneProcessor {}
  return ServedLane;
}
