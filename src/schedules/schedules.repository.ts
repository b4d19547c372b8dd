import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import type { Prisma } from '../generated/prisma/client.js';
import { isUuid } from '../kernel/ids.js';
import type { Json } from '../kernel/json.js';
import type { TaskStatus } from '../kernel/task-status.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { DUE, HOLD, HOLD_ONE, RECORD, RECORD_RUN, TASK_STATUS } from './schedules.sql.js';
import type { CatchUp, Overlap } from './tick-plan.js';

/** A schedule with a tick to decide. */
export interface DueSchedule {
  id: string;
  tenant_id: string;
  name: string;
  cron: string;
  timezone: string;
  type: string;
  request: Json;
  catch_up: CatchUp;
  overlap: Overlap;
  revision: number;
  next_at: Date;
  refusals: number;
  last_task_id: string | null;
  is_last_live: boolean;
  now: Date;
}

/** What became of a schedule's ticks. */
export interface TickRecord {
  id: string;
  next_at: Date | null;
  /** The newest tick that was submitted, and its task. */
  tick_at?: Date;
  task_id?: string;
  fired: number;
  skipped: number;
  skip_reason: string | null;
  /** Why the tick at `next_at` was refused; it is tried again after `wait_ms`. */
  error?: { code: string; message: string };
  wait_ms?: number;
}

export type ScheduleFields = Omit<Prisma.ScheduleUncheckedCreateInput, 'id' | 'tenantId' | 'request'> & {
  request: { [key: string]: Json };
};

@Injectable()
export class SchedulesRepository {
  constructor(private readonly database: Database) {}

  /** @returns false when the name is taken */
  async insert(tx: Tx, scope: TenantScope, id: string, fields: ScheduleFields): Promise<boolean> {
    const data = { ...fields, id, tenantId: scope.tenantId };
    const { count } = await tx.schedule.createMany({ data, skipDuplicates: true });
    return count === 1;
  }

  /** @param name a schedule's id or its name */
  find({ tenantId }: TenantScope, name: string) {
    const by = isUuid(name) ? { id: name } : { name };
    return this.database.client.schedule.findFirst({ where: { tenantId, ...by } });
  }

  /** Locks the row, if it is there, and reads it. */
  async hold(tx: Tx, { tenantId }: TenantScope, id: string) {
    await this.database.queryIn(tx, HOLD_ONE, id);
    return tx.schedule.findFirst({ where: { tenantId, id } });
  }

  /** Newest first. @param before the id that the page before ended with */
  list({ tenantId }: TenantScope, limit: number, before?: string) {
    const where = { tenantId, ...(before ? { id: { lt: before } } : {}) };
    return this.database.client.schedule.findMany({ where, orderBy: { id: 'desc' }, take: limit });
  }

  /** The row is held. */
  update(tx: Tx, id: string, fields: Partial<ScheduleFields>) {
    return tx.schedule.update({ where: { id }, data: { ...fields, revision: { increment: 1 } } });
  }

  async delete(tx: Tx, { tenantId }: TenantScope, id: string): Promise<void> {
    await tx.schedule.deleteMany({ where: { tenantId, id } });
  }

  async now(tx: Tx): Promise<Date> {
    const [row] = await this.database.queryIn<{ now: Date }>(tx, 'SELECT now() AS now');
    if (!row) throw new Error('Postgres told no time');
    return row.now;
  }

  /** Of every tenant, oldest first. @param types those that this process can submit */
  due(types: readonly string[], limit: number): Promise<DueSchedule[]> {
    return this.database.query<DueSchedule>(DUE, types, limit);
  }

  /** @returns the ids of those that are this transaction's to move now */
  async holdDue(tx: Tx, read: ReadonlyArray<{ id: string; revision: number }>): Promise<Set<string>> {
    const seen = JSON.stringify(read.map(({ id, revision }) => ({ id, revision })));
    const rows = await this.database.queryIn<{ id: string }>(tx, HOLD, seen);
    return new Set(rows.map(({ id }) => id));
  }

  async record(tx: Tx, records: readonly TickRecord[]): Promise<void> {
    await this.database.executeIn(tx, RECORD, JSON.stringify(records));
  }

  /** @returns nothing for a task that retention removed */
  async taskStatus(tx: Tx, taskId: string): Promise<TaskStatus | undefined> {
    const [task] = await this.database.queryIn<{ status: TaskStatus }>(tx, TASK_STATUS, taskId);
    return task?.status;
  }

  async recordRun(tx: Tx, id: string, taskId: string): Promise<void> {
    await this.database.executeIn(tx, RECORD_RUN, id, taskId);
  }
}

export type ScheduleRow = NonNullable<Awaited<ReturnType<SchedulesRepository['find']>>>;
