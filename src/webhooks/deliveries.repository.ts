import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import {
  ANY_DUE,
  END_SIBLINGS,
  EXPIRE,
  FIND_DUE,
  GIVE_BACK,
  OWE,
  PURGE_DELIVERIES,
  REPLAY_DELIVERY,
  SETTLE_DELIVERIES,
  TAKE,
} from './deliveries.sql.js';
import { MAX_ATTEMPTS, type Verdict } from './delivery-verdict.js';
import type { DueDelivery, Lane } from './fair-share.js';

/** A delivery as what happened owes it. */
export interface NewDelivery {
  id: string;
  tenant_id: string;
  owed_for: string;
  task_id: string | null;
  batch_id: string | null;
  event: string;
  url: string;
  host: string;
  body: string;
  traceparent: string | null;
}

/** A delivery that this process sends now. */
export interface TakenDelivery {
  id: string;
  tenant_id: string;
  event: string;
  url: string;
  host: string;
  body: string;
  traceparent: string | null;
  attempts: number;
  lease_token: string;
  /** Unix time of the attempt, by Postgres' clock. */
  at_seconds: number;
}

export interface DeliveryFilter {
  taskId?: string;
  batchId?: string;
  status?: string;
  event?: string;
}

export type DeliveryRow = NonNullable<Awaited<ReturnType<DeliveriesRepository['find']>>>;

const EXPIRE_BATCH = 500;

/** What is owed to receivers. Steps of the sweep see every tenant; reads for callers do not. */
@Injectable()
export class DeliveriesRepository {
  constructor(private readonly database: Database) {}

  async owe(tx: Tx, deliveries: readonly NewDelivery[]): Promise<void> {
    await this.database.executeIn(tx, OWE, JSON.stringify(deliveries));
  }

  async findWork(): Promise<{ due: boolean; expired: boolean }> {
    const [row] = await this.database.query<{ due: boolean; expired: boolean }>(ANY_DUE);
    return row ?? { due: false, expired: false };
  }

  /** @param after the lane to begin after, `null` for the first */
  findDue(tx: Tx, after: Lane | null, lanes: number, perLane: number): Promise<DueDelivery[]> {
    return this.database.queryIn(tx, FIND_DUE, after?.tenant_id ?? '', after?.host ?? '', lanes, perLane);
  }

  /** @returns those that nobody else took in between */
  take(tx: Tx, ids: readonly string[], leaseToken: string, leaseSeconds: number): Promise<TakenDelivery[]> {
    return this.database.queryIn(tx, TAKE, ids, leaseToken, leaseSeconds);
  }

  /** Ends attempts; one that lost its lease changes nothing. @returns the ids that were still held */
  async settle(
    tx: Tx,
    ended: ReadonlyArray<{ delivery: TakenDelivery; verdict: Verdict }>,
  ): Promise<string[]> {
    const rows = ended.map(({ delivery, verdict }) => ({
      id: delivery.id,
      token: delivery.lease_token,
      status: verdict.status,
      status_code: verdict.statusCode,
      error: verdict.error,
      response: verdict.response,
      delay_ms: verdict.delayMs,
    }));
    const settled = await this.database.queryIn<{ id: string }>(tx, SETTLE_DELIVERIES, JSON.stringify(rows));
    const held = settled.map(({ id }) => id);
    for (const { delivery, verdict } of ended) {
      if (verdict.outcome === 'gone' && held.includes(delivery.id))
        await this.database.executeIn(tx, END_SIBLINGS, delivery.id);
    }
    return held;
  }

  async giveBack({ id, lease_token }: TakenDelivery, pauseSeconds: number, why: string): Promise<void> {
    await this.database.query(GIVE_BACK, id, lease_token, pauseSeconds, why);
  }

  /** @returns how many had lost their sender */
  expire(tx: Tx): Promise<number> {
    return this.database.executeIn(tx, EXPIRE, MAX_ATTEMPTS, EXPIRE_BATCH);
  }

  purge(tx: Tx, keptDays: number, limit: number): Promise<number> {
    return this.database.executeIn(tx, PURGE_DELIVERIES, keptDays, limit);
  }

  /** Newest first. @param before the id that the page before ended with */
  list(scope: TenantScope, filter: DeliveryFilter, limit: number, before?: string) {
    return this.database.client.webhookDelivery.findMany({
      where: { tenantId: scope.tenantId, ...filter, ...(before ? { id: { lt: before } } : {}) },
      orderBy: { id: 'desc' },
      take: limit,
    });
  }

  find(scope: TenantScope, id: string) {
    return this.database.client.webhookDelivery.findFirst({ where: { tenantId: scope.tenantId, id } });
  }

  /** @returns whether it was there and not being sent */
  async replay(scope: TenantScope, id: string): Promise<boolean> {
    return (await this.database.query(REPLAY_DELIVERY, id, scope.tenantId)).length > 0;
  }
}
