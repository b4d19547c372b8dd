import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Sweep } from '../kernel/sweep.js';
import { whileFull } from '../kernel/while-full.js';
import { taskDepthChanged } from '../tasks/task-telemetry.js';
import { TasksRepository } from '../tasks/tasks.repository.js';

const BATCH = 500;

/** Ends what was not started, or not finished, in time and is not running: nobody else looks at it. */
@Injectable()
export class ExpirySweep extends Sweep {
  readonly name = 'expiry';
  readonly intervalMs = 1_000;

  constructor(
    private readonly database: Database,
    private readonly tasks: TasksRepository,
  ) {
    super();
  }

  async runOnce(): Promise<Record<string, number>> {
    return { expired: await whileFull(BATCH, () => this.expire()) };
  }

  private async expire(): Promise<number> {
    const rows = await this.database.transaction((tx) => this.tasks.expire(tx, BATCH));
    for (const queue of new Set(rows.map((row) => row.queue))) taskDepthChanged.publish({ queue });
    return rows.length;
  }
}
