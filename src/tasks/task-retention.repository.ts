import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import type { FINAL_STATUSES } from './lifecycle.js';
import {
  CLEAR_RESULTS,
  FINISHED,
  LOCK_BATCHES,
  LOCK_FINAL_CHILDREN,
  LOCK_TO_REMOVE,
  PURGE,
  PURGE_BATCHES,
  PURGE_IDEMPOTENCY_KEYS,
  PURGE_WORKERS,
} from './retention.sql.js';

/** `done`: completed or cancelled; `dead`: failed. */
export type FinalKind = keyof typeof FINISHED;
type FinalStatus = (typeof FINAL_STATUSES)[number];

const STATUSES: Record<FinalKind, readonly FinalStatus[]> = {
  done: ['completed', 'cancelled'],
  dead: ['failed'],
};

/** Where a walk over final tasks stands. */
export type FinalPlace = { finished_at: string; id: string };
const BEGINNING: FinalPlace = { finished_at: '-infinity', id: '00000000-0000-0000-0000-000000000000' };

export interface PurgeStep {
  removed: number;
  /** Where the step ended; `null`: nothing is left. */
  last: FinalPlace | null;
}

/** How what is over leaves: final tasks, and small rows about long gone things. */
@Injectable()
export class TaskRetentionRepository {
  constructor(private readonly database: Database) {}

  /**
   * Removes the next tasks that ended so long ago, oldest first.
   * @param scope `null`: of every tenant
   * @param after where the step before ended
   */
  async purgeFinished(
    tx: Tx,
    scope: TenantScope | null,
    { kind, ageSeconds, after }: { kind: FinalKind; ageSeconds: number; after: FinalPlace | null },
    limit: number,
  ): Promise<PurgeStep> {
    const place = after ?? BEGINNING;
    const values = [scope?.tenantId ?? null, ageSeconds, place.finished_at, place.id, limit];
    const rows = await this.database.queryIn<FinalPlace>(tx, FINISHED[kind], ...values);
    const ids = rows.map(({ id }) => id);
    const removed = await this.remove(tx, ids, STATUSES[kind], null);
    return { removed: removed.length, last: rows.length === limit ? (rows.at(-1) ?? null) : null };
  }

  /** Removes those of the named tasks that failed until then. @returns their ids */
  async discard(tx: Tx, ids: readonly string[], failedUntil: Date): Promise<string[]> {
    await this.database.queryIn(tx, LOCK_TO_REMOVE, ids);
    return this.remove(tx, ids, STATUSES.dead, failedUntil);
  }

  /**
   * Forgets the results of tasks that ended so long ago.
   * @param since no result is left of what ended before; `null`: unknown
   * @returns how many were cleared, and the next `since` once none is left
   */
  async clearResults(tx: Tx, ageSeconds: number, since: string | null, limit: number) {
    const values = [ageSeconds, since ?? BEGINNING.finished_at, limit];
    const [row] = await this.database.queryIn<{ cleared: number; until: string }>(
      tx,
      CLEAR_RESULTS,
      ...values,
    );
    return row ?? { cleared: 0, until: null };
  }

  purgeIdempotencyKeys(tx: Tx, limit: number): Promise<number> {
    return this.database.executeIn(tx, PURGE_IDEMPOTENCY_KEYS, limit);
  }

  purgeWorkers(tx: Tx, days: number, limit: number): Promise<number> {
    return this.database.executeIn(tx, PURGE_WORKERS, days, limit);
  }

  private async remove(
    tx: Tx,
    ids: readonly string[],
    statuses: readonly FinalStatus[],
    until: Date | null,
  ): Promise<string[]> {
    if (ids.length === 0) return [];
    const children = await this.database.queryIn<{ id: string }>(tx, LOCK_FINAL_CHILDREN, ids);
    const values = [ids, statuses, until, children.map(({ id }) => id)];
    const rows = await this.database.queryIn<{ id: string; batch_id: string | null }>(tx, PURGE, ...values);
    const batches = [...new Set(rows.flatMap(({ batch_id }) => batch_id ?? []))];
    if (batches.length > 0) {
      await this.database.queryIn(tx, LOCK_BATCHES, batches);
      await this.database.executeIn(tx, PURGE_BATCHES, batches);
    }
    return rows.map(({ id }) => id);
  }
}
