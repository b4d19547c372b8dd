import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Sweep } from '../kernel/sweep.js';
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
    let expired = 0;
    for (;;) {
      const rows = await this.database.transaction((tx) => this.tasks.expire(tx, BATCH));
      for (const queue of new Set(rows.map((row) => row.queue))) taskDepthChanged.publish({ queue });
      expired += rows.length;
      if (rows.length < BATCH) return { expired };
    }
  }
}
