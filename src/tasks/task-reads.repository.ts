import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Prisma } from '../generated/prisma/client.js';
import { isUuid } from '../kernel/ids.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import type { TaskStatus } from '../kernel/task-status.js';
import { WAITING_STATUSES } from './lifecycle.js';
import { queueNameOf } from './queue-names.js';

export interface TaskFilter {
  status?: TaskStatus | 'active' | 'waiting';
  type?: string;
  queue?: string;
  user_id?: string;
  client_id?: string;
  tag?: string;
  batch_id?: string;
  created_after?: string;
  created_before?: string;
  error_code?: string;
  fingerprint?: string;
  worker_id?: string;
  /** Text in the client's name, a tag or the error. */
  q?: string;
  /** Ids or the clients' own names. */
  ids?: readonly string[];
}

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
  async list(scope: TenantScope, filter: TaskFilter, limit: number, before?: string) {
    const where: Prisma.TaskWhereInput = { tenantId: scope.tenantId, AND: [conditionsOf(filter)] };
    if (before) where.id = { lt: before };
    if (filter.worker_id) where.workerIncarnation = { in: await this.incarnationsOf(filter.worker_id) };
    return this.database.client.task.findMany({ where, orderBy: { id: 'desc' }, take: limit });
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

  events(scope: TenantScope, taskId: string) {
    return this.database.client.taskEvent.findMany({
      where: { tenantId: scope.tenantId, taskId },
      orderBy: { id: 'asc' },
      take: 1_000,
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

  /** Every process that went by this name, with or without the suffix that tells namesakes apart. */
  private async incarnationsOf(workerName: string): Promise<string[]> {
    const [name] = workerName.split('~');
    const rows = await this.database.client.worker.findMany({
      where: { name },
      select: { incarnation: true },
    });
    return rows.map(({ incarnation }) => incarnation);
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

/** What a filter asks for, but the worker, whose incarnations must be looked up. */
export function conditionsOf(filter: TaskFilter): Prisma.TaskWhereInput {
  return {
    type: filter.type,
    queue: filter.queue && queueNameOf(filter.queue),
    userId: filter.user_id,
    clientId: filter.client_id,
    batchId: filter.batch_id,
    fingerprint: filter.fingerprint,
    ...(filter.status ? { status: statusCondition(filter.status) } : {}),
    ...(filter.tag ? { tags: { has: filter.tag } } : {}),
    ...(filter.error_code ? { error: { path: ['code'], equals: filter.error_code } } : {}),
    createdAt: { gte: filter.created_after, lte: filter.created_before },
    ...(filter.q ? { OR: textConditions(filter.q) } : {}),
    ...(filter.ids ? { AND: [{ OR: nameConditions(filter.ids) }] } : {}),
  };
}

function textConditions(text: string): Prisma.TaskWhereInput[] {
  return [
    { externalId: { contains: text, mode: 'insensitive' } },
    { tags: { has: text } },
    { error: { path: ['message'], string_contains: text, mode: 'insensitive' } },
    ...(isUuid(text) ? [{ id: text }] : []),
  ];
}

function nameConditions(names: readonly string[]): Prisma.TaskWhereInput[] {
  return [
    { id: { in: names.filter((name) => isUuid(name)) } },
    { externalId: { in: names.filter((name) => !isUuid(name)) } },
  ];
}

function statusCondition(status: NonNullable<TaskFilter['status']>) {
  if (status === 'active') return 'processing';
  if (status === 'waiting') return { in: [...WAITING_STATUSES] };
  return status;
}
