import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { Turns } from '../kernel/turns.js';
import { Isolation } from '../tasks/isolation.js';
import type { Delivery } from '../transport/transport.js';
import { IsolatedChild } from './isolated-child.js';

/** A child with nothing to do is sent home after this. */
const IDLE_MS = 60_000;
/** How long a suspect waits for the one before it; long enough for many quick ones to follow each other. */
const PATIENCE_MS = 2_000;
/** How long a shutdown waits for the child to give its suspect back. */
const FAREWELL_MS = 10_000;

/** One child process at a time, started when the first suspect comes, for one suspect after the other. */
@Injectable()
export class IsolatedWorker extends Isolation implements BeforeApplicationShutdown {
  private readonly logger = new Logger('IsolatedWorker');
  private readonly turns = new Turns();
  private child: IsolatedChild | null = null;
  private idle: NodeJS.Timeout | null = null;

  async tryRun(delivery: Delivery): Promise<boolean> {
    if (!(await this.turns.take(PATIENCE_MS))) return false;
    if (this.idle) clearTimeout(this.idle);
    try {
      await this.run(delivery);
    } finally {
      this.idle = setTimeout(() => this.sendHome(), IDLE_MS).unref();
      this.turns.pass();
    }
    return true;
  }

  async beforeApplicationShutdown(): Promise<void> {
    const { child } = this;
    this.sendHome();
    await Promise.race([child?.ended, delay(FAREWELL_MS, undefined, { ref: false })]);
  }

  private async run(delivery: Delivery): Promise<void> {
    const child = await this.open();
    if (await child.run(delivery)) return;
    this.logger.warn({ msg: 'the isolated process died with its suspect', task_id: delivery.taskId });
    await this.declareLost(child.incarnation);
  }

  private async open(): Promise<IsolatedChild> {
    if (this.child?.isAlive) return this.child;
    try {
      this.child = await IsolatedChild.start();
      return this.child;
    } catch (error) {
      this.logger.error({ msg: 'suspects wait: no isolated process could be started', err: error });
      throw error;
    }
  }

  private sendHome(): void {
    this.child?.sendHome();
    this.child = null;
  }
}

/** In the isolated process itself: it runs suspects, it does not hand them on. */
@Injectable()
export class NoIsolation extends Isolation {
  tryRun(): Promise<boolean> {
    return Promise.resolve(false);
  }
}
