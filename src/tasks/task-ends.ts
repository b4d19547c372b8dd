import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import { isFinal } from './lifecycle.js';
import { END_MEMBERS, REOPEN_MEMBERS } from './batches.sql.js';
import { TaskObservers, type EndedBatch, type EndedTask } from './task-observers.js';

/** What it means for others that tasks became final, or live again: written in the transaction that did it. */
@Injectable()
export class TaskEnds {
  constructor(
    private readonly database: Database,
    private readonly observers: TaskObservers,
  ) {}

  /** @param rows whatever a statement changed; what is not final is left aside */
  async ended(tx: Tx, rows: readonly EndedTask[]): Promise<void> {
    const ended = rows.filter(({ status }) => isFinal(status));
    if (ended.length === 0) return;
    const batches = await this.endMembers(tx, ended);
    await this.observers.tasksEnded(tx, ended);
    await this.observers.batchesEnded(tx, batches);
  }

  async revived(tx: Tx, rows: ReadonlyArray<{ batch_id: string | null }>): Promise<void> {
    const batchIds = batchesOf(rows);
    if (batchIds.length > 0) await this.database.executeIn(tx, REOPEN_MEMBERS, batchIds);
  }

  /** @returns the batches whose last open member this was */
  private async endMembers(tx: Tx, ended: readonly EndedTask[]): Promise<EndedBatch[]> {
    const batchIds = batchesOf(ended);
    if (batchIds.length === 0) return [];
    const rows = await this.database.queryIn<EndedBatch & { remaining: number }>(tx, END_MEMBERS, batchIds);
    return rows.filter(({ remaining }) => remaining === 0).map(({ remaining: _, ...batch }) => batch);
  }
}

function batchesOf(rows: ReadonlyArray<{ batch_id: string | null }>): string[] {
  return rows.flatMap(({ batch_id }) => batch_id ?? []);
}
