import { Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import { Clock } from '../kernel/clock.js';
import { Fault } from '../kernel/fault.js';
import { newId } from '../kernel/ids.js';
import type { Json } from '../kernel/json.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { Idempotency, type Once } from '../tasks/idempotency.js';
import { OperationRunner } from './operation-runner.js';
import type { OperationView } from './operations.contract.js';
import { OperationsRepository, type OperationRow } from './operations.repository.js';
import { OperationsSweep } from './operations.sweep.js';

/** How long a caller may be kept waiting for the end of an operation. */
const PATIENCE_MS = 20_000;
const BUSY_MS = 20;

export interface StartOptions {
  ratePerSecond?: number;
  idempotencyKey?: string;
}

/** Background work: begun, seen, stopped. */
@Injectable()
export class OperationsService {
  constructor(
    private readonly database: Database,
    private readonly operations: OperationsRepository,
    private readonly runner: OperationRunner,
    private readonly sweep: OperationsSweep,
    private readonly idempotency: Idempotency,
    private readonly clock: Clock,
  ) {}

  /**
   * Begins an operation of a kind that a module provides.
   * @throws Fault `idempotency.mismatch`, `idempotency.in_flight`
   */
  async start(
    scope: TenantScope,
    kind: string,
    input: Json,
    { ratePerSecond, idempotencyKey }: StartOptions = {},
  ): Promise<Once<OperationView>> {
    const total = await this.runner.kind(kind).count(scope, input);
    const operation = { id: newId(), kind, input, total, ratePerSecond: ratePerSecond ?? null };
    const store = async (tx: Tx) => {
      await this.operations.start(tx, scope, operation);
      return toView(found(operation.id, await this.operations.findIn(tx, scope, operation.id)));
    };
    const request = { kind, input, ratePerSecond };
    const once =
      idempotencyKey === undefined
        ? { answer: await this.database.transaction(store), replayed: false }
        : await this.idempotency.once(scope, idempotencyKey, request, store);
    this.sweep.wake();
    return once;
  }

  /** Begins one and helps until it has ended; what takes longer than 20 s goes on without the caller. */
  async run(scope: TenantScope, kind: string, input: Json): Promise<OperationView> {
    const { answer } = await this.start(scope, kind, input);
    const startMs = this.clock.monotonicMs();
    let view = answer;
    while (view.status === 'running' && this.clock.monotonicMs() - startMs < PATIENCE_MS) {
      if (!(await this.runner.step(view.operation_id))) await delay(BUSY_MS);
      view = await this.get(scope, view.operation_id);
    }
    return view;
  }

  /** @throws Fault `operation.not_found` */
  async get(scope: TenantScope, id: string): Promise<OperationView> {
    return toView(found(id, await this.operations.find(scope, id)));
  }

  async list(
    scope: TenantScope,
    filter: { status?: string; kind?: string },
    limit: number,
    before?: string,
  ): Promise<OperationView[]> {
    return (await this.operations.list(scope, filter, limit, before)).map(toView);
  }

  /**
   * Ends it after the step in progress; what was done stays done.
   * @throws Fault `operation.not_found`, `operation.not_cancellable`
   */
  async cancel(scope: TenantScope, id: string): Promise<OperationView> {
    const cancelled = await this.database.transaction((tx) => this.operations.cancel(tx, scope, id));
    const view = await this.get(scope, id);
    if (cancelled) return view;
    throw new Fault('operation.not_cancellable', `The operation is ${view.status} already`);
  }
}

function found(id: string, row: OperationRow | null): OperationRow {
  if (row) return row;
  throw new Fault('operation.not_found', `There is no operation ${id}; ended ones are kept for 30 days`);
}

function toView(row: OperationRow): OperationView {
  const self = `/api/operations/${row.id}`;
  return {
    operation_id: row.id,
    kind: row.kind,
    status: row.status as OperationView['status'],
    input: row.input as Json,
    total: row.total,
    done: row.done,
    skipped: row.skipped,
    skips: row.skips as unknown as OperationView['skips'],
    fraction: fractionOf(row),
    rate_per_second: row.ratePerSecond,
    error: row.error as unknown as OperationView['error'],
    created_at: row.createdAt.toISOString(),
    finished_at: row.finishedAt?.toISOString() ?? null,
    links: { self, cancel: `${self}/cancel` },
  };
}

function fractionOf({ status, total, done, skipped }: OperationRow): number | null {
  if (status === 'completed') return 1;
  if (total === null) return null;
  return total === 0 ? 0 : Math.min(1, (done + skipped) / total);
}
