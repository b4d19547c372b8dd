import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/transaction.js';
import type { Json } from '../kernel/json.js';
import type { TaskStatus } from '../kernel/task-status.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { ignoring } from '../telemetry/ignoring.js';
import { Transport, transportKey } from '../transport/transport.js';
import { BulkTasksRepository, type BulkKind, type Cause } from './bulk-tasks.repository.js';
import type { TaskFilter } from './chosen.sql.js';
import { TaskRetentionRepository, type FinalKind, type FinalPlace } from './task-retention.repository.js';
import { taskDepthChanged } from './task-telemetry.js';
import type { CancelledRow } from './task-rows.js';
import { TasksRepository } from './tasks.repository.js';

/** Part of a bulk change: newest first, from where the part before ended. */
export interface BulkPart {
  scope: TenantScope;
  filter: TaskFilter;
  /** What came or failed later is left alone. */
  until: Date;
  cursor: string | null;
  limit: number;
}

export interface BulkStep {
  done: number;
  skips: Array<{ id: string; reason: string }>;
  /** `null`: nothing is left. */
  cursor: string | null;
  /** To be done once the step is committed; its loss is harmless. */
  afterCommit?: () => void;
}

const CLASHES = 'another live task holds its unique_key';
const MOVED_ON = 'it changed meanwhile';
const NEEDED = 'its batch, a live task that depends on it, or a webhook still needs it';

/** Many tasks at once, a bounded part in each transaction. Walks follow ids, so a task is met at most once. */
@Injectable()
export class BulkTasksService {
  constructor(
    private readonly bulk: BulkTasksRepository,
    private readonly tasks: TasksRepository,
    private readonly retention: TaskRetentionRepository,
    private readonly transport: Transport,
  ) {}

  /** How many tasks a filter chooses now, by status. */
  count(scope: TenantScope, kind: BulkKind, filter: TaskFilter): Promise<Map<TaskStatus, number>> {
    return this.bulk.countByStatus(scope, { kind, filter });
  }

  /** Dead letters by cause: the most frequent first, with the latest task of each. */
  async causes(
    scope: TenantScope,
    filter: TaskFilter,
    limit: number,
    after?: { count: number; key: string },
  ) {
    const all = (await this.bulk.causes(scope, filter)).map((cause) => ({ ...cause, key: keyOf(cause) }));
    const ordered = all.toSorted((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1));
    const isLater = ({ count, key }: (typeof all)[number]) =>
      !after || count < after.count || (count === after.count && key > after.key);
    const page = ordered.filter(isLater).slice(0, limit);
    const samples = new Map(
      (await this.bulk.latest(scope, page)).toReversed().map((task) => [keyOf(task), task]),
    );
    return page.map((cause) => ({ ...cause, sample: samples.get(cause.key) }));
  }

  /** Dead letters run again, each in its row. @param detail goes into their history */
  async replay(tx: Tx, part: BulkPart, detail: Json): Promise<BulkStep> {
    const { ids, cursor } = await this.pick(tx, 'failed', part);
    await this.tasks.lock(tx, ids);
    const rows = await this.bulk.replayable(tx, ids, part.until);
    const clashing = new Set(rows.filter(({ clashes }) => clashes).map(({ id }) => id));
    const ready = rows.filter(({ clashes }) => !clashes).map(({ id }) => id);
    const revived = await this.tasks.replay(tx, ready, { detail });
    const done = new Set(revived.map(({ id }) => id));
    return {
      done: done.size,
      skips: skipped(ids, done, (id) => (clashing.has(id) ? CLASHES : MOVED_ON)),
      cursor,
      afterCommit: () => announce(revived),
    };
  }

  /** Dead letters leave, with their attempts, events and logs. */
  async discard(tx: Tx, part: BulkPart): Promise<BulkStep> {
    const { ids, cursor } = await this.pick(tx, 'failed', part);
    const removed = new Set(await this.retention.discard(tx, ids, part.until));
    return { done: removed.size, skips: skipped(ids, removed, () => NEEDED), cursor };
  }

  /** What waits is cancelled; what runs is asked to stop. */
  async cancel(tx: Tx, part: BulkPart): Promise<BulkStep> {
    const { ids, cursor } = await this.pick(tx, 'live', part);
    const rows = await this.tasks.cancel(tx, ids);
    const done = new Set(rows.map(({ id }) => id));
    const afterCommit = () => {
      this.forget(rows.filter(({ status }) => status === 'cancelled'));
      announce(rows);
    };
    return { done: done.size, skips: skipped(ids, done, () => MOVED_ON), cursor, afterCommit };
  }

  /** Final tasks of a certain age leave, oldest first. @param scope `null`: of every tenant */
  purge(
    tx: Tx,
    scope: TenantScope | null,
    walk: { kind: FinalKind; ageSeconds: number; after: FinalPlace | null },
    limit: number,
  ) {
    return this.retention.purgeFinished(tx, scope, walk, limit);
  }

  private pick(tx: Tx, kind: BulkKind, { scope, filter, until, cursor, limit }: BulkPart) {
    return this.bulk.pick(tx, scope, { kind, filter, until }, cursor, limit);
  }

  private forget(cancelled: readonly CancelledRow[]): void {
    for (const queue of new Set(cancelled.map((row) => row.queue))) {
      const keys = cancelled
        .filter((row) => row.queue === queue)
        .map(({ id, epoch }) => transportKey(id, epoch));
      void ignoring(this.transport.remove(queue, keys), 'an entry of a cancelled task claims nothing');
    }
  }
}

function keyOf({ fingerprint, type, queue }: Pick<Cause, 'fingerprint' | 'type' | 'queue'>): string {
  return `${fingerprint ?? ''} ${type} ${queue}`;
}

function skipped(ids: readonly string[], done: ReadonlySet<string>, reasonOf: (id: string) => string) {
  return ids.filter((id) => !done.has(id)).map((id) => ({ id, reason: reasonOf(id) }));
}

function announce(rows: ReadonlyArray<{ queue: string }>): void {
  for (const queue of new Set(rows.map((row) => row.queue))) taskDepthChanged.publish({ queue });
}
