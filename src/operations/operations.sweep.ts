import { Injectable } from '@nestjs/common';
import { Sweep } from '../kernel/sweep.js';
import { OperationRunner } from './operation-runner.js';

const IDLE_MS = 1_000;
/** Between two steps: others want Postgres too. */
const YIELD_MS = 5;
/** Another process is at it; look again in case that dies. */
const ASIDE_MS = 100;

/** Moves open operations on, one step a pass. */
@Injectable()
export class OperationsSweep extends Sweep {
  readonly name = 'operations';
  intervalMs = IDLE_MS;

  constructor(private readonly runner: OperationRunner) {
    super();
  }

  async runOnce(): Promise<Record<string, number>> {
    const dueMs = (await this.runner.nextDueMs()) ?? IDLE_MS;
    if (dueMs > 0) this.intervalMs = Math.min(Math.ceil(dueMs), IDLE_MS);
    else this.intervalMs = (await this.runner.step()) ? YIELD_MS : ASIDE_MS;
    return {};
  }
}
