import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import type { Prisma } from '../generated/prisma/client.js';
import type { TaskStatus } from '../kernel/task-status.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { REPLAYABLE, WINDOW } from './bulk.sql.js';
import { WAITING_STATUSES } from './lifecycle.js';
import { conditionsOf, type TaskFilter } from './task-reads.repository.js';

/** `failed`: dead letters; `live`: whatever is not final. */
export type BulkKind = keyof typeof WINDOW;

/** Tasks chosen by a filter: those that failed, or came, until a moment. */
export interface Choice {
  kind: BulkKind;
  filter: TaskFilter;
  /** Absent: until now. */
  until?: Date;
}

/** A part of a choice. */
export interface Picked {
  ids: string[];
  /** Where the next part begins; `null`: this was the last. */
  cursor: string | null;
}

const BEYOND_ALL = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
/** How many tasks a step looks at, whether or not the filter wants them. */
const PART = 2_000;

/** Finds what bulk operations work on, in bounded parts. */
@Injectable()
export class BulkTasksRepository {
  constructor(private readonly database: Database) {}

  /** Newest first. @param before the `cursor` of the part before */
  async pick(
    tx: Tx,
    scope: TenantScope,
    choice: Choice,
    before: string | null,
    limit: number,
  ): Promise<Picked> {
    const from = before ?? BEYOND_ALL;
    const until = choice.filter.ids ? undefined : await this.endOfPart(tx, scope, choice.kind, from);
    const rows = await tx.task.findMany({
      where: { AND: [whereOf(scope, choice), { id: { lt: from, gte: until } }] },
      select: { id: true },
      orderBy: { id: 'desc' },
      take: limit,
    });
    const ids = rows.map(({ id }) => id);
    if (ids.length === limit) return { ids, cursor: ids.at(-1) ?? null };
    return { ids, cursor: until ?? null };
  }

  replayable(
    tx: Tx,
    ids: readonly string[],
    failedUntil: Date,
  ): Promise<Array<{ id: string; clashes: boolean }>> {
    return this.database.queryIn(tx, REPLAYABLE, ids, failedUntil);
  }

  async countByStatus(scope: TenantScope, choice: Choice): Promise<Map<TaskStatus, number>> {
    const rows = await this.database.client.task.groupBy({
      by: ['status'],
      where: whereOf(scope, choice),
      _count: true,
    });
    return new Map(rows.map(({ status, _count }) => [status as TaskStatus, _count]));
  }

  /** Failures of one cause, the most frequent first. */
  async causes(scope: TenantScope, filter: TaskFilter) {
    const rows = await this.database.client.task.groupBy({
      by: ['fingerprint', 'type', 'queue'],
      where: whereOf(scope, { kind: 'failed', filter }),
      _count: true,
      _min: { finishedAt: true },
      _max: { finishedAt: true },
    });
    return rows.map(({ _count, _min, _max, ...cause }) => ({
      ...cause,
      count: _count,
      firstSeen: _min.finishedAt,
      lastSeen: _max.finishedAt,
    }));
  }

  /** The task that failed last for each of these causes, and maybe others that failed at the same moments. */
  latest(scope: TenantScope, causes: ReadonlyArray<Cause>) {
    const moments = causes.flatMap(({ lastSeen }) => lastSeen ?? []);
    return this.database.client.task.findMany({
      where: { tenantId: scope.tenantId, status: 'failed', finishedAt: { in: moments } },
      select: { id: true, fingerprint: true, type: true, queue: true, error: true, finishedAt: true },
      orderBy: { id: 'desc' },
    });
  }

  private async endOfPart(
    tx: Tx,
    scope: TenantScope,
    kind: BulkKind,
    from: string,
  ): Promise<string | undefined> {
    const [end] = await this.database.queryIn<{ id: string }>(tx, WINDOW[kind], scope.tenantId, from, PART);
    return end?.id;
  }
}

export type Cause = Awaited<ReturnType<BulkTasksRepository['causes']>>[number];

function whereOf({ tenantId }: TenantScope, { kind, filter, until }: Choice): Prisma.TaskWhereInput {
  const status = kind === 'failed' ? 'failed' : { in: [...WAITING_STATUSES, 'processing'] };
  const moment = kind === 'failed' ? { finishedAt: { lte: until } } : { createdAt: { lte: until } };
  return { AND: [{ tenantId, status, ...moment }, conditionsOf(filter)] };
}
