import { AsyncResource } from 'node:async_hooks';
import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { isDatabaseDown } from '../kernel/repeat.js';
import { taskRepaired } from '../tasks/task-telemetry.js';
import { Sweep } from '../kernel/sweep.js';

/** After a failed pass: long enough not to hammer a Postgres that is coming back. */
const PAUSE_AFTER_FAULT_MS = 1_000;

/** Runs one sweep until shutdown: at its interval, and at once when woken. */
class Loop {
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> | null = null;
  private again = false;
  private stopped = false;
  private readonly logger: Logger;
  /** Whoever wakes a sweep lends it neither its request, nor its trace, nor its transaction. */
  private readonly own = new AsyncResource('sweep');

  constructor(private readonly sweep: Sweep) {
    this.logger = new Logger(sweep.name);
    sweep.attach(() => this.wake());
  }

  wake(): void {
    if (this.stopped) return;
    if (this.running) this.again = true;
    else this.start();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer) clearTimeout(this.timer);
    await this.running;
  }

  private start(): void {
    if (this.timer) clearTimeout(this.timer);
    this.running = this.own.runInAsyncScope(() => this.pass()).then((pauseMs) => this.schedule(pauseMs));
  }

  /** @returns milliseconds until the next pass */
  private async pass(): Promise<number> {
    try {
      const counts = await this.sweep.runOnce();
      for (const [kind, count] of Object.entries(counts))
        if (count > 0) taskRepaired.publish({ kind, count });
      return this.sweep.intervalMs;
    } catch (error) {
      if (isDatabaseDown(error)) this.logger.debug({ msg: 'Postgres is away; trying again' });
      else this.logger.error({ msg: 'a pass failed', err: error });
      return PAUSE_AFTER_FAULT_MS;
    }
  }

  private schedule(pauseMs: number): void {
    this.running = null;
    if (this.stopped) return;
    if (this.again) {
      this.again = false;
      this.start();
      return;
    }
    this.timer = setTimeout(() => this.start(), pauseMs);
  }
}

/** Finds every sweep that a module of this process provides, and runs each in a loop of its own. */
@Injectable()
export class SweepRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private loops: Loop[] = [];

  constructor(private readonly discovery: DiscoveryService) {}

  onApplicationBootstrap(): void {
    const provided = this.discovery.getProviders().map(({ instance }) => instance as unknown);
    const sweeps = new Set(provided.filter((instance) => instance instanceof Sweep));
    this.loops = [...sweeps].map((sweep) => new Loop(sweep));
    for (const loop of this.loops) loop.wake();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.loops.map((loop) => loop.stop()));
  }
}
