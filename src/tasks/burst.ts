import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Clock } from '../kernel/clock.js';
import { isDatabaseDown, repeat } from '../kernel/repeat.js';
import { TaskRegistry } from './task-registry.js';
import { WorkInHand } from './work-in-hand.js';
import { PATIENCE_S, WorkLeftRepository, type WorkLeft } from './work-left.repository.js';

const CHECK_MS = 250;

/** A worker that is to end when there is nothing left to do. */
@Injectable()
export class Burst {
  private readonly logger = new Logger('Burst');
  /** Since when work was pending although there was room for it. */
  private heldBackSinceMs: number | null = null;

  constructor(
    private readonly config: Config,
    private readonly registry: TaskRegistry,
    private readonly work: WorkInHand,
    private readonly left: WorkLeftRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * Resolves once nothing runs here and nothing is left that could: what waits in a paused queue, for another task, or
   * for longer than 10 s, be it for a time or for a limit, is somebody else's.
   * @returns how many of the tasks that this process ran ended `failed`
   */
  async over(): Promise<{ failed: number }> {
    const { running } = this.work;
    for (;;) {
      const { processed } = running;
      const left = running.size === 0 ? await this.look() : null;
      if (!left) this.heldBackSinceMs = null;
      // Only what stood still while Postgres answered was seen whole.
      const stood = running.size === 0 && running.processed === processed;
      if (left && stood && !this.mayTake(left)) return this.report(left);
      await delay(CHECK_MS);
    }
  }

  /** With nothing due the window is empty: what stays pending all the same is held back by a limit. */
  private mayTake({ due, pending }: WorkLeft): boolean {
    const nowMs = this.clock.monotonicMs();
    this.heldBackSinceMs = pending && !due ? (this.heldBackSinceMs ?? nowMs) : null;
    return due || (pending && nowMs - (this.heldBackSinceMs ?? nowMs) < PATIENCE_S * 1_000);
  }

  private look(): Promise<WorkLeft> {
    const queues = this.work.lanes(this.config).map(({ queue }) => queue);
    return repeat(() => this.left.read(queues, this.registry.handledTypes()), isDatabaseDown, Infinity);
  }

  private async report({ paused, pending }: WorkLeft): Promise<{ failed: number }> {
    const { processed, failed, suspects } = this.work.running;
    const all = failed + (await this.left.failedAmong([...suspects]));
    if (paused.length > 0) this.logger.warn({ msg: 'work is left in paused queues', queues: paused });
    if (pending) this.logger.warn({ msg: 'work is left that limits hold back' });
    this.logger.log({ msg: 'nothing is left to do', processed, failed: all });
    return { failed: all };
  }
}
