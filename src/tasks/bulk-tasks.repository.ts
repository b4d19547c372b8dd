import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import type { TaskStatus } from '../kernel/task-status.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { REPLAYABLE, STATUSES } from './bulk.sql.js';
import { ChosenTasks, type TaskFilter } from './chosen.sql.js';

export type BulkKind = keyof typeof STATUSES;

/** Tasks chosen by a filter: those that failed, or came, until a moment. */
export interface Choice {
  kind: BulkKind;
  filter: TaskFilter;
  /** Absent: until now. */
  until?: Date;
}

/** What failed alike. */
export interface Cause {
  fingerprint: string | null;
  type: string;
  queue: string;
  count: number;
  firstSeen: Date;
  lastSeen: Date;
}

/** A part of a choice. */
export interface Picked {
  ids: string[];
  /** Where the next part begins; `null`: this was the last. */
  cursor: string | null;
}

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
    const from = before ?? undefined;
    const until = choice.filter.ids ? undefined : await this.endOfPart(tx, scope, choice.kind, from);
    const chosen = choose(scope, choice).within(from, until);
    const rows = await tx.$queryRawUnsafe<Array<{ id: string }>>(
      chosen.newest('t.id', limit),
      ...chosen.values,
    );
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
    const chosen = choose(scope, choice);
    const rows = await this.database.client.$queryRawUnsafe<Array<{ status: TaskStatus; count: number }>>(
      `SELECT t.status, count(*)::int AS count FROM tasks t WHERE ${chosen.where()} GROUP BY t.status`,
      ...chosen.values,
    );
    return new Map(rows.map(({ status, count }) => [status, count]));
  }

  /** Failures of one cause. */
  causes(scope: TenantScope, filter: TaskFilter): Promise<Cause[]> {
    const chosen = choose(scope, { kind: 'failed', filter });
    return this.database.client.$queryRawUnsafe(
      `SELECT t.fingerprint, t.type, t.queue, count(*)::int AS count, min(t.finished_at) AS "firstSeen",
         max(t.finished_at) AS "lastSeen"
       FROM tasks t WHERE ${chosen.where()} GROUP BY t.fingerprint, t.type, t.queue`,
      ...chosen.values,
    );
  }

  /** The task that failed last for each of these causes, and maybe others that failed at the same moments. */
  latest(scope: TenantScope, causes: ReadonlyArray<Cause>) {
    const moments = causes.map(({ lastSeen }) => lastSeen);
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
    from: string | undefined,
  ): Promise<string | undefined> {
    const all = new ChosenTasks(scope, {}, STATUSES[kind]).within(from);
    const [end] = await tx.$queryRawUnsafe<Array<{ id: string }>>(all.endOf(PART), ...all.values);
    return end?.id;
  }
}

function choose(scope: TenantScope, { kind, filter, until }: Choice): ChosenTasks {
  const moment = kind === 'failed' ? 'finished_at' : 'created_at';
  return new ChosenTasks(scope, filter, STATUSES[kind]).and(
    until,
    (at) => `t.${moment} <= ${at}::timestamptz`,
  );
}
