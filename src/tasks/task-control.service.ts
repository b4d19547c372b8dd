import { Injectable } from '@nestjs/common';
import { isBadRow } from '../database/database-fault.js';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import { Fault } from '../kernel/fault.js';
import type { Json } from '../kernel/json.js';
import { unstorable } from '../kernel/storable.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { ignoring } from '../telemetry/ignoring.js';
import { Transport, transportKey } from '../transport/transport.js';
import type { TaskStatus } from '../kernel/task-status.js';
import type { TaskFilter } from './chosen.sql.js';
import { TaskReadsRepository, type TaskRow } from './task-reads.repository.js';
import { taskDepthChanged } from './task-telemetry.js';
import { historyOf, type HistoryPlace } from './task-history.js';
import { toAttemptView, toBatchView, toLogView, toTaskView } from './task-views.js';
import type { CancelledRow, Revision } from './task-rows.js';
import { TasksRepository } from './tasks.repository.js';

/** What callers can see of tasks that are in, and do to them. */
@Injectable()
export class TaskControlService {
  constructor(
    private readonly database: Database,
    private readonly reads: TaskReadsRepository,
    private readonly tasks: TasksRepository,
    private readonly transport: Transport,
  ) {}

  /** @param name id or external id @throws Fault `task.not_found` */
  async get(scope: TenantScope, name: string) {
    const [view] = await this.toViews([await this.find(scope, name)]);
    return view;
  }

  async list(scope: TenantScope, filter: TaskFilter, limit: number, before?: string) {
    return this.toViews(await this.reads.list(scope, filter, limit, before));
  }

  async attempts(scope: TenantScope, name: string, limit: number, afterEpoch?: number) {
    const { id } = await this.find(scope, name);
    const rows = await this.reads.attempts(scope, id, limit, afterEpoch);
    const names = await this.reads.workerNames(rows.map(({ workerIncarnation }) => workerIncarnation));
    return rows.map((row) => toAttemptView(row, names.get(row.workerIncarnation)));
  }

  /** @param after where the page before ended */
  async history(scope: TenantScope, name: string, limit: number, after?: HistoryPlace) {
    const row = await this.find(scope, name);
    const [from, seen] = after ?? [];
    const [attempts, events] = [
      await this.reads.attemptsSince(scope, row.id, limit + (seen ?? 0), from),
      await this.reads.events(scope, row.id, limit + (seen ?? 0), from),
    ];
    return historyOf({ row, attempts, events }, after);
  }

  async logs(scope: TenantScope, name: string, limit: number, after?: bigint) {
    const { id } = await this.find(scope, name);
    return (await this.reads.logs(scope, id, limit, after)).map((row) => ({
      id: row.id,
      view: toLogView(row),
    }));
  }

  /**
   * Waiting work is cancelled at once; running work is asked to stop, and ends cancelled unless it completes first.
   * @throws Fault `task.not_cancellable` for a final task
   */
  async cancel(scope: TenantScope, name: string) {
    const row = await this.find(scope, name);
    const [moved] = await this.database.transaction((tx) => this.tasks.cancel(tx, [row.id]));
    if (!moved)
      throw new Fault(
        'task.not_cancellable',
        `The task is ${row.status}; only work that is not final can be cancelled`,
      );
    const cancelled = moved.status === 'cancelled';
    this.withdraw([moved]);
    return {
      task_id: row.id,
      status: cancelled ? ('cancelled' as const) : ('processing' as const),
      cancel_requested: true,
    };
  }

  /**
   * As {@link cancel}, within the caller's transaction; tasks that are final stay as they are.
   * @returns what is to be called once it committed
   */
  async cancelIn(tx: Tx, ids: readonly string[]): Promise<() => void> {
    const moved = ids.length > 0 ? await this.tasks.cancel(tx, ids) : [];
    return () => this.withdraw(moved);
  }

  /**
   * @throws Fault `task.not_waiting` when a worker holds the task, or it is final; `request.invalid` for a time that leaves it
   * no chance
   */
  async revise(scope: TenantScope, name: string, revision: Revision) {
    const row = await this.find(scope, name);
    refuseLateStart(row, revision);
    const [revised] = await this.database.transaction((tx) => this.tasks.revise(tx, row.id, revision));
    if (!revised)
      throw new Fault('task.not_waiting', `The task is ${row.status}; only what waits can be changed`);
    if (revised.withdrawn) this.remove([revised]);
    taskDepthChanged.publish({ queue: revised.queue });
    return this.get(scope, row.id);
  }

  /**
   * A failed or cancelled task runs again in the same row.
   * @param payload replaces the old one, which goes to the history
   * @throws Fault `task.not_retryable`, `payload.unstorable`
   */
  async retry(scope: TenantScope, name: string, payload?: Json) {
    const errors = payload === undefined ? [] : unstorable(payload, 'payload');
    if (errors.length > 0)
      throw new Fault('payload.unstorable', 'The payload cannot be stored. See `errors`.', { errors });
    const row = await this.find(scope, name);
    const moved = await this.replay(row.id, payload);
    if (!moved) {
      throw new Fault(
        'task.not_retryable',
        `The task is ${row.status}; only failed and cancelled tasks run again`,
      );
    }
    taskDepthChanged.publish({ queue: moved.queue });
    return this.get(scope, row.id);
  }

  /** Takes what will not run out of the transport. */
  private withdraw(asked: readonly CancelledRow[]): void {
    this.remove(asked.filter(({ status }) => status === 'cancelled'));
  }

  private remove(gone: ReadonlyArray<Pick<CancelledRow, 'id' | 'queue' | 'epoch'>>): void {
    for (const { queue, id, epoch } of gone) {
      const removal = this.transport.remove(queue, [transportKey(id, epoch)]);
      void ignoring(removal, 'an entry of a task that left the transport claims nothing');
    }
  }

  private async replay(id: string, payload: Json | undefined) {
    try {
      const [moved] = await this.database.transaction((tx) => this.tasks.replay(tx, [id], { payload }));
      return moved;
    } catch (cause) {
      if (!isBadRow(cause)) throw cause;
      throw new Fault(
        'task.not_retryable',
        'Another live task holds its unique_key; wait until that one is final',
        { cause },
      );
    }
  }

  async batch(scope: TenantScope, id: string) {
    const batch = await this.reads.findBatch(scope, id);
    if (!batch) throw new Fault('batch.not_found', `There is no batch ${id}`);
    return toBatchView(batch, await this.reads.batchTasks(scope, id));
  }

  /** Statuses by task id; a task that retention removed is not there. */
  async statuses(scope: TenantScope, ids: readonly string[]): Promise<Map<string, TaskStatus>> {
    const rows = await this.reads.statuses(scope, ids);
    return new Map(rows.map(({ id, status }) => [id, status as TaskStatus]));
  }

  /** Ids of what each of these worker incarnations runs now. */
  async heldBy(scope: TenantScope, incarnations: readonly string[]): Promise<Map<string, string[]>> {
    const rows = await this.reads.heldBy(scope, incarnations);
    const idsOf = (incarnation: string) =>
      rows.filter((row) => row.workerIncarnation === incarnation).map(({ id }) => id);
    return new Map(incarnations.map((incarnation) => [incarnation, idsOf(incarnation)]));
  }

  private async find(scope: TenantScope, name: string): Promise<TaskRow> {
    const row = await this.reads.find(scope, name);
    if (!row) throw new Fault('task.not_found', `There is no task ${name}`);
    return row;
  }

  private async toViews(rows: readonly TaskRow[]) {
    const [names, parents] = await Promise.all([
      this.reads.workerNames(rows.map(({ workerIncarnation }) => workerIncarnation)),
      this.reads.parents(rows.map(({ id }) => id)),
    ]);
    return rows.map((row) => toTaskView(row, names.get(row.workerIncarnation ?? ''), parents.get(row.id)));
  }
}

function refuseLateStart({ expiresAt, deadlineAt, startedAt }: TaskRow, { run_at }: Revision): void {
  const limits = { expires_at: startedAt ? null : expiresAt, deadline_at: deadlineAt };
  const late = Object.entries(limits).filter(([, at]) => run_at && at && Date.parse(run_at) >= at.getTime());
  const errors = late.map(([name, at]) => ({
    path: 'run_at',
    message: `must lie before ${name}, ${at?.toISOString()}`,
  }));
  if (errors.length > 0)
    throw new Fault('request.invalid', 'The task could not run by then. See `errors`.', { errors });
}
