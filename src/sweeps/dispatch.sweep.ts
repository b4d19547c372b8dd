import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Database } from '../database/database.js';
import { TaskPublisher } from '../tasks/task-publisher.js';
import { TasksRepository } from '../tasks/tasks.repository.js';
import { QueuesRepository } from './queues.repository.js';
import { Sweep } from '../kernel/sweep.js';
import { whileFull } from '../kernel/while-full.js';

const WAKE_LIMIT = 500;
/** Then it is the next queue's turn. */
const MAX_PASSES = 10;

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
    for (const queue of new Set([...queues, ...woken])) await this.fill(queue);
    return {};
  }

  /** In short transactions: a pass places no more than twice a tenant's fair share, the next what room that left. */
  private async fill(queue: string): Promise<void> {
    for (let pass = 0; pass < MAX_PASSES; pass += 1) {
      const placed = await this.database.transaction((tx) => this.tasks.dispatch(tx, queue));
      if (placed.length === 0) return;
      this.publisher.publish(placed);
    }
  }

  /** @returns the queues that got work */
  private async wakeAll(): Promise<string[]> {
    const queues = new Set<string>();
    await whileFull(WAKE_LIMIT, async () => {
      const rows = await this.database.transaction((tx) => this.tasks.wake(tx, WAKE_LIMIT));
      for (const { queue } of rows) queues.add(queue);
      return rows.length;
    });
    return [...queues];
  }
}
