import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Database } from '../database/database.js';
import { TaskPublisher } from '../tasks/task-publisher.js';
import { TasksRepository } from '../tasks/tasks.repository.js';
import { QueuesRepository } from './queues.repository.js';
import { Sweep } from '../kernel/sweep.js';

const WAKE_LIMIT = 500;

/** Lets due tasks out of `scheduled` and refills each queue's window from `pending`. */
@Injectable()
export class DispatchSweep extends Sweep {
  readonly name = 'dispatch';
  readonly intervalMs: number;

  constructor(
    private readonly database: Database,
    private readonly tasks: TasksRepository,
    private readonly queues: QueuesRepository,
    private readonly publisher: TaskPublisher,
    config: Config,
  ) {
    super();
    this.intervalMs = config.pollIntervalMs;
  }

  async runOnce(): Promise<Record<string, number>> {
    const { due, queues } = await this.queues.findDispatchable();
    const woken = due ? await this.wakeAll() : [];
    for (const queue of new Set([...queues, ...woken])) {
      const placed = await this.database.transaction((tx) => this.tasks.dispatch(tx, queue));
      this.publisher.publish(placed);
    }
    return {};
  }

  /** @returns the queues that got work */
  private async wakeAll(): Promise<string[]> {
    const queues = new Set<string>();
    let woken = WAKE_LIMIT;
    while (woken === WAKE_LIMIT) {
      const rows = await this.database.transaction((tx) => this.tasks.wake(tx, WAKE_LIMIT));
      for (const { queue } of rows) queues.add(queue);
      woken = rows.length;
    }
    return [...queues];
  }
}
