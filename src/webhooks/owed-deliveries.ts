import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import { newId } from '../kernel/ids.js';
import { EndedViews } from '../tasks/ended-views.js';
import {
  TaskObservers,
  type EndedBatch,
  type EndedTask,
  type TaskObserver,
} from '../tasks/task-observers.js';
import { DeliverSweep } from './deliver.sweep.js';
import { DeliveriesRepository, type NewDelivery } from './deliveries.repository.js';
import { messageOf, taskMessage } from './message.js';

/** Tasks whose payloads and results are held in memory together. */
const CHUNK = 16;

/** Writes down what is owed to receivers, in the very transaction in which it happened. */
@Injectable()
export class OwedDeliveries implements TaskObserver, OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly observers: TaskObservers,
    private readonly views: EndedViews,
    private readonly deliveries: DeliveriesRepository,
    private readonly sweep: DeliverSweep,
  ) {}

  onModuleInit(): void {
    this.observers.add(this);
  }

  async tasksEnded(tx: Tx, ended: readonly EndedTask[]): Promise<void> {
    const urls = new Map(ended.flatMap(({ id, callback_url }) => (callback_url ? [[id, callback_url]] : [])));
    const ids = [...urls.keys()].toSorted();
    for (let at = 0; at < ids.length; at += CHUNK) {
      const tasks = await this.views.tasks(tx, ids.slice(at, at + CHUNK));
      const owed = tasks.map(({ view, traceparent }) => ({
        ...newDelivery(urls.get(view.task_id) ?? ''),
        tenant_id: view.tenant,
        owed_for: `task:${view.task_id}:${view.finished_at}`,
        task_id: view.task_id,
        batch_id: view.batch_id,
        event: `task.${view.status}`,
        body: taskMessage(view),
        traceparent,
      }));
      await this.owe(tx, owed);
    }
  }

  async batchesEnded(tx: Tx, ended: readonly EndedBatch[]): Promise<void> {
    for (const { id, tenant_id, generation, callback_url } of ended) {
      if (!callback_url) continue;
      const { view, endedAt } = await this.views.batch(tx, id);
      const owed = {
        ...newDelivery(callback_url),
        tenant_id,
        owed_for: `batch:${id}:${generation}`,
        task_id: null,
        batch_id: id,
        event: 'batch.completed',
        body: messageOf('batch.completed', endedAt.toISOString(), view),
        traceparent: null,
      };
      await this.owe(tx, [owed]);
    }
  }

  private async owe(tx: Tx, owed: readonly NewDelivery[]): Promise<void> {
    await this.deliveries.owe(tx, owed);
    this.database.afterCommit(() => this.sweep.wake());
  }
}

function newDelivery(url: string) {
  return { id: newId(), url, host: new URL(url).host };
}
