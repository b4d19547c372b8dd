import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { COUNTS, FOLD, FORGET, HISTORY, TOTALS } from './stats.sql.js';

export interface Count {
  queue: string;
  metric: string;
  amount: number;
}

/** A count and what it covers: everything so far, the last minutes, or the age of the oldest task. */
export interface SpannedCount extends Count {
  span: 'ever' | 'recent' | 'oldest';
}

/** Which part of the past, in steps; the times lie on the grid of the steps. */
export interface HistoryRange {
  queues: readonly string[];
  from: Date;
  to: Date;
  stepSeconds: number;
  /** What the counters are read by; steps must be multiples of it. */
  by: keyof typeof HISTORY;
}

/** Changes in one step by metric; `-1` is whatever came after the last step, `null` how it stands now. */
export interface HistoryStep {
  step: number | null;
  counts: Record<string, number>;
}

/** Counters without counting: appended by every change, summed here. */
@Injectable()
export class TaskStatsRepository {
  constructor(private readonly database: Database) {}

  /** How many tasks of a tenant may wait in a queue; `null` when it has no number of its own. */
  async maxPending(scope: TenantScope): Promise<number | null> {
    const tenant = await this.database.client.tenant.findUnique({ where: { id: scope.tenantId } });
    return tenant?.maxPending ?? null;
  }

  totals(scope: TenantScope): Promise<Count[]> {
    return this.database.query(TOTALS, scope.tenantId);
  }

  counts(scope: TenantScope, queues: readonly string[], minutes: number): Promise<SpannedCount[]> {
    return this.database.query(COUNTS, scope.tenantId, queues, minutes);
  }

  history(scope: TenantScope, { queues, from, to, stepSeconds, by }: HistoryRange): Promise<HistoryStep[]> {
    return this.database.query(HISTORY[by], scope.tenantId, queues, from, to, stepSeconds);
  }

  async now(): Promise<Date> {
    const [row] = await this.database.query<{ now: Date }>('SELECT now() AS now');
    if (!row) throw new Error('Postgres told no time');
    return row.now;
  }

  /** @returns how many changes were folded; one folder at a time, others hear 0 */
  async fold(tx: Tx, limit: number): Promise<number> {
    const [row] = await this.database.queryIn<{ count: number }>(tx, FOLD, limit);
    return row?.count ?? 0;
  }

  /** Removes what is older than history is kept. @returns `limit` when there may be more */
  async forget(tx: Tx, limit: number): Promise<number> {
    const [row] = await this.database.queryIn<{ count: number }>(tx, FORGET, limit);
    return row?.count ?? 0;
  }
}
