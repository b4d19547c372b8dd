import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/transaction.js';
import { EndedReadsRepository } from './ended-reads.repository.js';
import { toBatchView, toTaskView } from './task-views.js';
import type { BatchView, TaskView } from './tasks.contract.js';

export interface EndedTaskView {
  view: TaskView;
  traceparent: string | null;
}

/** What callers will see of tasks and batches that just ended, for whoever has to tell it in the same transaction. */
@Injectable()
export class EndedViews {
  constructor(private readonly reads: EndedReadsRepository) {}

  /** In the order of their ids. */
  async tasks(tx: Tx, ids: readonly string[]): Promise<EndedTaskView[]> {
    const rows = await this.reads.tasks(tx, ids);
    const names = await this.reads.workerNames(
      tx,
      rows.map(({ workerIncarnation }) => workerIncarnation),
    );
    return rows.map((row) => ({
      view: toTaskView(row, names.get(row.workerIncarnation ?? '')),
      traceparent: row.traceparent,
    }));
  }

  async batch(tx: Tx, id: string): Promise<{ view: BatchView; endedAt: Date }> {
    const view = toBatchView(await this.reads.batch(tx, id), await this.reads.batchCounts(tx, id));
    return { view, endedAt: await this.reads.now(tx) };
  }
}
