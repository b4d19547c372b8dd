import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Prisma } from '../generated/prisma/client.js';
import { isUuid } from '../kernel/ids.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { ChosenTasks, type TaskFilter } from './chosen.sql.js';

const COLUMNS = Object.values(Prisma.TaskScalarFieldEnum)
  .map((field) => `t.${field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)} AS "${field}"`)
  .join(', ');

/** How many tasks a list looks at for those that its filter wants, newest first, before it goes on to older ones. */
const FIRST_PART = 2_000;
const LARGEST_PART = 128_000;

/** Reads for callers: always within a tenant, never a change. */
@Injectable()
export class TaskReadsRepository {
  constructor(private readonly database: Database) {}

  /** @param name a task's id or its external id */
  find(scope: TenantScope, name: string) {
    const by = isUuid(name) ? { id: name } : { externalId: name };
    return this.database.client.task.findFirst({ where: { tenantId: scope.tenantId, ...by } });
  }

  /** Newest first. @param before the id that the page before ended with */
  async list(scope: TenantScope, filter: TaskFilter, limit: number, before?: string): Promise<TaskRow[]> {
    const rows: TaskRow[] = [];
    let from = before;
    for (let part = FIRST_PART; ; part = Math.min(part * 4, LARGEST_PART)) {
      const chosen = new ChosenTasks(scope, filter);
      const until = chosen.isSparse ? await this.endOfPart(scope, filter, part, from) : undefined;
      const text = chosen.within(from, until).newest(COLUMNS, limit - rows.length);
      rows.push(...(await this.database.client.$queryRawUnsafe<TaskRow[]>(text, ...chosen.values)));
      if (rows.length === limit || until === undefined) return rows;
      from = until;
    }
  }

  private async endOfPart(scope: TenantScope, { status }: TaskFilter, size: number, from?: string) {
    const all = new ChosenTasks(scope, { status }).within(from);
    const [end] = await this.database.client.$queryRawUnsafe<Array<{ id: string }>>(
      all.endOf(size),
      ...all.values,
    );
    return end?.id;
  }

  statuses({ tenantId }: TenantScope, ids: readonly string[]) {
    return this.database.client.task.findMany({
      where: { tenantId, id: { in: [...ids] } },
      select: { id: true, status: true },
    });
  }

  attempts(scope: TenantScope, taskId: string, limit: number, afterEpoch = 0) {
    return this.database.client.taskAttempt.findMany({
      where: { tenantId: scope.tenantId, taskId, epoch: { gt: afterEpoch } },
      orderBy: { epoch: 'asc' },
      take: limit,
    });
  }

  /** Those that ended at this time or later, in the order of their ends. */
  attemptsSince(scope: TenantScope, taskId: string, limit: number, from?: string) {
    return this.database.client.taskAttempt.findMany({
      where: { tenantId: scope.tenantId, taskId, finishedAt: { gte: from } },
      orderBy: [{ finishedAt: 'asc' }, { epoch: 'asc' }],
      take: limit,
    });
  }

  /** Those of this time or later, oldest first. */
  events(scope: TenantScope, taskId: string, limit: number, from?: string) {
    return this.database.client.taskEvent.findMany({
      where: { tenantId: scope.tenantId, taskId, at: { gte: from } },
      orderBy: [{ at: 'asc' }, { id: 'asc' }],
      take: limit,
    });
  }

  logs(scope: TenantScope, taskId: string, limit: number, after?: bigint) {
    return this.database.client.taskLog.findMany({
      where: { tenantId: scope.tenantId, taskId, ...(after ? { id: { gt: after } } : {}) },
      orderBy: { id: 'asc' },
      take: limit,
    });
  }

  batchTasks(scope: TenantScope, batchId: string) {
    return this.database.client.task.groupBy({
      by: ['status'],
      where: { tenantId: scope.tenantId, batchId },
      _count: true,
    });
  }

  findBatch(scope: TenantScope, id: string) {
    return this.database.client.batch.findFirst({ where: { id, tenantId: scope.tenantId } });
  }

  /** What these worker incarnations run now. */
  heldBy(scope: TenantScope, incarnations: readonly string[]) {
    return this.database.client.task.findMany({
      where: { tenantId: scope.tenantId, status: 'processing', workerIncarnation: { in: [...incarnations] } },
      select: { id: true, workerIncarnation: true },
      orderBy: { id: 'asc' },
    });
  }

  /** What each of these tasks depends on. */
  async parents(taskIds: readonly string[]): Promise<Map<string, string[]>> {
    const edges = await this.database.client.taskDependency.findMany({
      where: { taskId: { in: [...taskIds] } },
      orderBy: { parentId: 'asc' },
    });
    const parents = new Map<string, string[]>();
    for (const { taskId, parentId } of edges) parents.set(taskId, [...(parents.get(taskId) ?? []), parentId]);
    return parents;
  }

  /** Names of worker incarnations, for people. */
  async workerNames(incarnations: ReadonlyArray<string | null>): Promise<Map<string, string>> {
    const known = incarnations.filter((id) => id !== null);
    if (known.length === 0) return new Map();
    const rows = await this.database.client.worker.findMany({
      where: { incarnation: { in: [...new Set(known)] } },
      select: { incarnation: true, name: true },
    });
    return new Map(rows.map(({ incarnation, name }) => [incarnation, name]));
  }
}

export type TaskRow = NonNullable<Awaited<ReturnType<TaskReadsRepository['find']>>>;
