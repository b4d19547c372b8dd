import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/transaction.js';
import type { TaskStatus } from '../kernel/task-status.js';

/** A task that just became final, seen from within the transaction that ended it. */
export interface EndedTask {
  id: string;
  tenant_id: string;
  queue: string;
  type: string;
  status: TaskStatus;
  batch_id: string | null;
  callback_url: string | null;
  /** Whether other tasks may depend on it. */
  feeds: boolean;
}

/** A batch whose last open task just became final. */
export interface EndedBatch {
  id: string;
  tenant_id: string;
  generation: number;
  callback_url: string | null;
}

/** What others owe when tasks or batches end: written in the same transaction, from the rows that changed. */
export interface TaskObserver {
  tasksEnded?(tx: Tx, ended: readonly EndedTask[]): Promise<void>;
  batchesEnded?(tx: Tx, ended: readonly EndedBatch[]): Promise<void>;
}

/** Lets rooms above follow the ends of tasks, while `tasks` knows none of them. Each registers once, at boot. */
@Injectable()
export class TaskObservers {
  private readonly observers: TaskObserver[] = [];

  add(observer: TaskObserver): void {
    this.observers.push(observer);
  }

  async tasksEnded(tx: Tx, ended: readonly EndedTask[]): Promise<void> {
    if (ended.length === 0) return;
    for (const observer of this.observers) await observer.tasksEnded?.(tx, ended);
  }

  async batchesEnded(tx: Tx, ended: readonly EndedBatch[]): Promise<void> {
    if (ended.length === 0) return;
    for (const observer of this.observers) await observer.batchesEnded?.(tx, ended);
  }
}
