import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Clock } from '../kernel/clock.js';
import { TaskStatsRepository } from '../tasks/task-stats.repository.js';
import { Sweep } from '../kernel/sweep.js';
import { whileFull } from '../kernel/while-full.js';

const BATCH = 5_000;
const FORGET_BATCH = 1_000;
const FORGET_EVERY_MS = 60_000;

/** Folds appended counter changes into sums, and forgets what is older than history is kept. */
@Injectable()
export class StatsFoldingSweep extends Sweep {
  readonly name = 'stats-folding';
  readonly intervalMs = 1_000;
  private forgotAtMs = -Infinity;

  constructor(
    private readonly database: Database,
    private readonly stats: TaskStatsRepository,
    private readonly clock: Clock,
  ) {
    super();
  }

  async runOnce(): Promise<Record<string, number>> {
    await whileFull(BATCH, () => this.database.transaction((tx) => this.stats.fold(tx, BATCH)));
    await this.forget();
    return {};
  }

  private async forget(): Promise<void> {
    const nowMs = this.clock.monotonicMs();
    if (nowMs - this.forgotAtMs < FORGET_EVERY_MS) return;
    await whileFull(FORGET_BATCH, () =>
      this.database.transaction((tx) => this.stats.forget(tx, FORGET_BATCH)),
    );
    this.forgotAtMs = nowMs;
  }
}
