import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../config/config.js';
import { isDatabaseDown, repeat } from '../kernel/repeat.js';
import { TaskRegistry } from './task-registry.js';
import { WorkInHand } from './work-in-hand.js';
import { WorkLeftRepository, type WorkLeft } from './work-left.repository.js';

const CHECK_MS = 250;

/** A worker that is to end when there is nothing left to do. */
@Injectable()
export class Burst {
  private readonly logger = new Logger('Burst');

  constructor(
    private readonly config: Config,
    private readonly registry: TaskRegistry,
    private readonly work: WorkInHand,
    private readonly left: WorkLeftRepository,
  ) {}

  /**
   * Resolves once nothing runs here and nothing is left that could: what waits in a paused queue, for another task, or
   * for longer than 10 s is somebody else's.
   * @returns how many of the tasks that this process ran ended `failed`
   */
  async over(): Promise<{ failed: number }> {
    const { running } = this.work;
    for (;;) {
      const { processed } = running;
      const left = running.size === 0 ? await this.look() : null;
      // Only what stood still while Postgres answered was seen whole.
      if (left && !left.runnable && running.size === 0 && running.processed === processed) {
        return this.report(left);
      }
      await delay(CHECK_MS);
    }
  }

  private look(): Promise<WorkLeft> {
    const queues = this.work.lanes(this.config).map(({ queue }) => queue);
    return repeat(() => this.left.read(queues, this.registry.handledTypes()), isDatabaseDown, Infinity);
  }

  private async report({ paused }: WorkLeft): Promise<{ failed: number }> {
    const { processed, failed, suspects } = this.work.running;
    const all = failed + (await this.left.failedAmong([...suspects]));
    if (paused.length > 0) this.logger.warn({ msg: 'work is left in paused queues', queues: paused });
    this.logger.log({ msg: 'nothing is left to do', processed, failed: all });
    return { failed: all };
  }
}
