import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import type { Json } from '../kernel/json.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import type { OperationStep } from './operation-kind.js';
import { ADVANCE, CANCEL, FAULT, NEXT_DUE, PURGE, START, TAKE } from './operations.sql.js';

/** Most that one step may do: keeps its transaction short. */
const STEP_LIMIT = 200;
const MAX_FAULTS = 8;
const KEPT_SKIPS = 100;

export interface NewOperation {
  id: string;
  kind: string;
  input: Json;
  /** `null`: unknown. */
  total: number | null;
  /** `null`: as fast as it goes. */
  ratePerSecond: number | null;
}

export interface TakenOperation {
  id: string;
  tenant_id: string;
  kind: string;
  input: Json;
  state: Json;
  created_at: Date;
  limit: number;
}

/** The rows of background work. */
@Injectable()
export class OperationsRepository {
  constructor(private readonly database: Database) {}

  async start(tx: Tx, scope: TenantScope, operation: NewOperation): Promise<void> {
    const { id, kind, input, total, ratePerSecond } = operation;
    const values = [id, scope.tenantId, kind, JSON.stringify(input), total, ratePerSecond];
    await this.database.executeIn(tx, START, ...values);
  }

  findIn(tx: Tx, scope: TenantScope, id: string) {
    return tx.operation.findFirst({ where: { id, tenantId: scope.tenantId } });
  }

  find(scope: TenantScope, id: string) {
    return this.database.client.operation.findFirst({ where: { id, tenantId: scope.tenantId } });
  }

  /** Newest first. @param before the id that the page before ended with */
  list(scope: TenantScope, filter: { status?: string; kind?: string }, limit: number, before?: string) {
    return this.database.client.operation.findMany({
      where: { tenantId: scope.tenantId, ...filter, ...(before ? { id: { lt: before } } : {}) },
      orderBy: { id: 'desc' },
      take: limit,
    });
  }

  /** Holds one operation that may go on until the transaction ends. @param only no other than this one */
  async take(tx: Tx, kinds: readonly string[], only?: string): Promise<TakenOperation | undefined> {
    const [row] = await this.database.queryIn<TakenOperation>(tx, TAKE, kinds, only ?? null, STEP_LIMIT);
    return row;
  }

  async advance(tx: Tx, id: string, { state, done, skips = [], ended }: OperationStep): Promise<void> {
    const values = [JSON.stringify(state), done, JSON.stringify(skips), ended, KEPT_SKIPS];
    await this.database.executeIn(tx, ADVANCE, id, ...values);
  }

  /** A step failed: another try later, and after too many in a row the end. */
  async fault(tx: Tx, id: string, error: { code: string; message: string }): Promise<void> {
    await this.database.executeIn(tx, FAULT, id, JSON.stringify(error), MAX_FAULTS);
  }

  /** @returns milliseconds until the next operation may go on, `null` when none is open */
  async nextDueMs(kinds: readonly string[]): Promise<number | null> {
    const [row] = await this.database.query<{ ms: number | null }>(NEXT_DUE, kinds);
    return row?.ms ?? null;
  }

  /** @returns whether it was running */
  async cancel(tx: Tx, scope: TenantScope, id: string): Promise<boolean> {
    const rows = await this.database.queryIn(tx, CANCEL, id, scope.tenantId);
    return rows.length > 0;
  }

  purge(tx: Tx, days: number, limit: number): Promise<number> {
    return this.database.executeIn(tx, PURGE, days, limit);
  }
}

export type OperationRow = NonNullable<Awaited<ReturnType<OperationsRepository['find']>>>;
