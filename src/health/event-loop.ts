import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 20;

/** How late timers fire: the time that other work kept the main thread to itself. */
@Injectable()
export class EventLoop implements OnModuleDestroy {
  private readonly delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor() {
    this.delays.enable();
  }

  /** The delay in milliseconds that 99 % of the samples since the last call stayed below; 0 without samples. */
  takeDelayMs(): number {
    const delayMs = this.delays.count === 0 ? 0 : this.delays.percentile(99) / 1e6;
    this.delays.reset();
    return Math.max(0, Math.round(delayMs - RESOLUTION_MS));
  }

  onModuleDestroy(): void {
    this.delays.disable();
  }
}
