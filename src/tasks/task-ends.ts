import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import type { TaskStatus } from '../kernel/task-status.js';
import { isFinal } from './lifecycle.js';
import { ASK_EDGES, TELL_EDGES } from './dependencies.sql.js';
import { END_MEMBERS, REOPEN_MEMBERS } from './batches.sql.js';
import { TaskObservers, type EndedBatch, type EndedTask } from './task-observers.js';
import { dependenciesChanged } from './task-telemetry.js';

/** A task that left a final status. */
export interface Revived {
  id: string;
  batch_id: string | null;
  status?: TaskStatus;
}

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
    await this.tellChildren(
      tx,
      ended.filter(({ feeds }) => feeds),
    );
    const batches = await this.endMembers(tx, ended);
    await this.observers.tasksEnded(tx, ended);
    await this.observers.batchesEnded(tx, batches);
  }

  /** @param rows what lives again; of a replayed one that is `blocked` its own parents are asked anew */
  async revived(tx: Tx, rows: readonly Revived[]): Promise<void> {
    if (rows.length === 0) return;
    await this.tellChildren(
      tx,
      rows.map(({ id }) => ({ id, status: null })),
    );
    await this.askParents(
      tx,
      rows.filter(({ status }) => status === 'blocked'),
    );
    const batchIds = batchesOf(rows);
    if (batchIds.length > 0) await this.database.executeIn(tx, REOPEN_MEMBERS, batchIds);
  }

  /** Writes on the edges alone; what becomes of the children is for the dependencies sweep, once this has committed. */
  private async tellChildren(
    tx: Tx,
    parents: ReadonlyArray<{ id: string; status: string | null }>,
  ): Promise<void> {
    if (parents.length === 0) return;
    const told = await this.database.executeIn(
      tx,
      TELL_EDGES,
      parents.map(({ id }) => id),
      parents.map(({ status }) => status),
    );
    if (told > 0) this.announce();
  }

  private async askParents(tx: Tx, children: readonly Revived[]): Promise<void> {
    if (children.length === 0) return;
    const ids = children.map(({ id }) => id);
    if ((await this.database.executeIn(tx, ASK_EDGES, ids)) > 0) this.announce();
  }

  private announce(): void {
    this.database.afterCommit(() => dependenciesChanged.publish({}));
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
