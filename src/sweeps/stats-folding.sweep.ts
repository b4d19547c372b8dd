import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { TaskStatsRepository } from '../tasks/task-stats.repository.js';
import { Sweep } from '../kernel/sweep.js';

const BATCH = 5_000;

/** Folds appended counter changes into sums. */
@Injectable()
export class StatsFoldingSweep extends Sweep {
  readonly name = 'stats-folding';
  readonly intervalMs = 1_000;

  constructor(
    private readonly database: Database,
    private readonly stats: TaskStatsRepository,
  ) {
    super();
  }

  async runOnce(): Promise<Record<string, number>> {
    let folded = BATCH;
    while (folded === BATCH) folded = await this.database.transaction((tx) => this.stats.fold(tx, BATCH));
    return {};
  }
}
