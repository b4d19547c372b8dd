import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { isDatabaseDown } from '../kernel/repeat.js';
import { taskRepaired } from '../tasks/task-telemetry.js';
import type { Sweep } from './sweep.js';

/** After a failed pass: long enough not to hammer a Postgres that is coming back. */
const PAUSE_AFTER_FAULT_MS = 1_000;

/** Runs one sweep until shutdown: at its interval, and at once when woken. */
class Loop {
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> | null = null;
  private again = false;
  private stopped = false;
  private readonly logger: Logger;

  constructor(private readonly sweep: Sweep) {
    this.logger = new Logger(sweep.name);
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
    this.running = this.pass().then((pauseMs) => this.schedule(pauseMs));
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

@Injectable()
export class SweepRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loops: Map<string, Loop>;

  constructor(sweeps: readonly Sweep[]) {
    this.loops = new Map(sweeps.map((sweep) => [sweep.name, new Loop(sweep)]));
  }

  onApplicationBootstrap(): void {
    for (const loop of this.loops.values()) loop.wake();
  }

  wake(name: string): void {
    this.loops.get(name)?.wake();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([...this.loops.values()].map((loop) => loop.stop()));
  }
}
