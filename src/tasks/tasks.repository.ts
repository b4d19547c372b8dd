import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import { Fault } from '../kernel/fault.js';
import type { Json } from '../kernel/json.js';
import { targetOf } from './lifecycle.js';
import type { Settlement } from './settlement.js';
import { TaskEnds } from './task-ends.js';
import type { EndedTask } from './task-observers.js';
import type {
  CancelledRow,
  Claim,
  ClaimedTask,
  Collision,
  Lease,
  LogLine,
  NewBatch,
  NewTask,
  PlacedTask,
  Postponement,
  QueuedRow,
  RevisedRow,
  Revision,
  RevivedRow,
  SettleAnswer,
  SettleRequest,
} from './task-rows.js';
import { LOCK_TASKS, TRY_LOCK } from './locks.sql.js';
import { CLASSIFY, SUBMIT } from './submit.sql.js';
import { CLAIM, FIND_CLAIMED, HOLD_LEASE, LOCK_CLAIMS } from './claim.sql.js';
import { FIND_ATTEMPTS, INSERT_EVENTS, SAVE_PROGRESS, SETTLE } from './settle.sql.js';
import {
  DISPATCH,
  FIND_QUEUED,
  LOCK_LIMITS,
  LOCK_PICKED,
  PICK,
  POSTPONE,
  REDISPATCH,
  WAKE,
} from './dispatch.sql.js';
import { EXPIRE, LOSE, TIME_OUT } from './repair.sql.js';
import { CANCEL, REPLAY, REVISE } from './control.sql.js';

/** `at`: where the row stood in the table when it was picked, to find it again without an index. */
interface PickedRow {
  id: string;
  at: string;
  limits: string[];
}

/** The only writer of `tasks.status`. Every method is one step inside the caller's transaction; see docs/lifecycle.md. */
@Injectable()
export class TasksRepository {
  private readonly agingSeconds: number;

  constructor(
    private readonly database: Database,
    private readonly ends: TaskEnds,
    config: Config,
  ) {
    this.agingSeconds = config.agingSeconds;
  }

  /** Makes the queues known, so that the fast path and the window have a row to read. */
  async ensureQueues(names: readonly string[]): Promise<void> {
    await this.database.query(
      `INSERT INTO queues (name, rank_origin) SELECT name, now() - make_interval(secs => 10 * $2::float8)
       FROM unnest($1::text[]) AS name ORDER BY name ON CONFLICT DO NOTHING`,
      names,
      this.agingSeconds,
    );
  }

  /** @returns the rows that were inserted; what is missing collided, see {@link classify} */
  submit(tx: Tx, tasks: ReadonlyArray<NewTask & { blocked?: boolean }>): Promise<PlacedTask[]> {
    return this.database.queryIn(tx, SUBMIT, JSON.stringify(tasks), this.agingSeconds);
  }

  classify(tx: Tx, tasks: readonly NewTask[]): Promise<Collision[]> {
    const asked = tasks.map(({ id, tenant_id, external_id, unique_key }) => ({
      id,
      tenant_id,
      external_id,
      unique_key,
    }));
    return this.database.queryIn(tx, CLASSIFY, JSON.stringify(asked), this.agingSeconds);
  }

  async createBatch(tx: Tx, batch: NewBatch): Promise<void> {
    await tx.batch.create({ data: { ...batch, remaining: batch.total } });
  }

  /** Takes queued rows for this process incarnation; what is not answered was taken or moved by somebody faster. */
  async claim(
    tx: Tx,
    claims: readonly Claim[],
    by: { incarnation: string; suspects: boolean },
  ): Promise<ClaimedTask[]> {
    const asked = JSON.stringify(claims);
    await this.database.queryIn(tx, LOCK_CLAIMS, asked);
    const taken = await this.database.queryIn<ClaimedTask>(tx, CLAIM, asked, by.incarnation, by.suspects);
    const answered = new Set(taken.map(({ token }) => token));
    const missing = claims.filter(({ token }) => !answered.has(token));
    if (missing.length === 0) return taken;
    return [
      ...taken,
      ...(await this.database.queryIn<ClaimedTask>(tx, FIND_CLAIMED, JSON.stringify(missing))),
    ];
  }

  /** Ends attempts; one answer per request, in order. */
  async settle(tx: Tx, requests: readonly SettleRequest[]): Promise<SettleAnswer[]> {
    await this.lock(
      tx,
      requests.map(({ lease }) => lease.id),
    );
    const input = JSON.stringify(requests.map(toSettleInput));
    const settled = await this.database.queryIn<EndedTask & { outcome: string }>(
      tx,
      SETTLE,
      input,
      this.agingSeconds,
    );
    await this.ends.ended(tx, settled);
    const answers = new Map(
      settled.map((row) => [row.id, { status: row.status, outcome: row.outcome, late: false } as const]),
    );
    const missing = requests.filter(({ lease }) => !answers.has(lease.id));
    const found = missing.length > 0 ? await this.settleLate(tx, missing) : new Map<string, SettleAnswer>();
    return requests.map(
      ({ lease }) => answers.get(lease.id) ?? found.get(lease.id) ?? { late: true, outcome: 'lost' },
    );
  }

  /**
   * A settlement without a row: it either worked already (its reply was lost), or it comes too late and is refused.
   * An interrupt brings no result, so there is nothing to refuse.
   */
  private async settleLate(tx: Tx, requests: readonly SettleRequest[]): Promise<Map<string, SettleAnswer>> {
    const past = await this.database.queryIn<{ id: string; outcome: string; status: PlacedTask['status'] }>(
      tx,
      FIND_ATTEMPTS,
      JSON.stringify(requests.map(({ lease }) => lease)),
    );
    const outcomes = new Map(past.map((row) => [row.id, row]));
    const refused: Array<{ id: string; kind: string; detail: Json }> = [];
    const answers = new Map<string, SettleAnswer>();
    for (const { lease, settlement } of requests) {
      const row = outcomes.get(lease.id);
      if (row && isAnswerTo(settlement, row.outcome)) {
        answers.set(lease.id, { status: row.status, outcome: row.outcome, late: false });
      } else if (settlement.event !== 'interrupt')
        refused.push({
          id: lease.id,
          kind: 'late_result_refused',
          detail: { epoch: lease.epoch, wanted: settlement.outcome, found: row?.outcome ?? null },
        });
    }
    if (refused.length > 0) await this.record(tx, refused);
    return answers;
  }

  /** Appends to the history what row and attempts cannot tell. */
  async record(tx: Tx, events: ReadonlyArray<{ id: string; kind: string; detail?: Json }>): Promise<void> {
    await this.database.executeIn(tx, INSERT_EVENTS, JSON.stringify(events));
  }

  /** Stores progress and log lines of running attempts; rows whose lease is gone are left alone. */
  async saveProgress(
    tx: Tx,
    rows: ReadonlyArray<Lease & { progress?: number; progress_message?: string; logs: LogLine[] }>,
  ): Promise<void> {
    await this.lock(
      tx,
      rows.map(({ id }) => id),
    );
    await this.database.executeIn(tx, SAVE_PROGRESS, JSON.stringify(rows));
  }

  /** @throws Fault `lease.lost` when this attempt no longer holds the task */
  async holdLease(tx: Tx, lease: Lease): Promise<void> {
    const held = await this.database.queryIn(tx, HOLD_LEASE, lease.id, lease.epoch, lease.token);
    if (held.length === 0)
      throw new Fault('lease.lost', 'The attempt no longer holds its task; nothing was written');
  }

  /** Due rows become pending. @returns the queues that got work */
  wake(tx: Tx, limit: number): Promise<Array<{ id: string; queue: string }>> {
    return this.database.queryIn(tx, WAKE, limit);
  }

  /**
   * Hands the next pending rows to the window, in the order of their places in the transport. Empty when there is no room
   * or nothing that may start, and when another process is dispatching this queue. There may be more to place: ask again.
   */
  async dispatch(tx: Tx, queue: string): Promise<PlacedTask[]> {
    if (!(await this.tryLock(tx, `dispatch:${queue}`))) return [];
    const picked = await this.database.queryIn<PickedRow>(tx, PICK, queue);
    if (picked.length === 0) return [];
    const limits = picked.flatMap((row) => row.limits);
    if (limits.length > 0) await this.database.queryIn(tx, LOCK_LIMITS, [...new Set(limits)]);
    const asked = picked.map(({ id, at }, place) => ({ id, at, place }));
    const locked = await this.database.queryIn(tx, LOCK_PICKED, JSON.stringify(asked));
    return this.database.queryIn(tx, DISPATCH, JSON.stringify(locked), queue, this.agingSeconds);
  }

  /** What the transport should hold, in the order of arrival. @param after where the part before ended */
  findQueued(queue: string, before: Date, limit: number, after?: QueuedRow): Promise<QueuedRow[]> {
    return this.database.query(
      FIND_QUEUED,
      queue,
      before,
      limit,
      after?.queued_at ?? null,
      after?.id ?? null,
    );
  }

  async redispatch(
    tx: Tx,
    rows: ReadonlyArray<{ id: string; epoch: number }>,
    why: string,
  ): Promise<PlacedTask[]> {
    await this.lock(
      tx,
      rows.map(({ id }) => id),
    );
    return this.database.queryIn(tx, REDISPATCH, JSON.stringify(rows), why, this.agingSeconds);
  }

  /** Sends a queued row back to wait, unclaimed. @returns whether it was still there to send */
  async postpone(
    row: { id: string; epoch: number },
    { delaySeconds, reason, why }: Postponement,
  ): Promise<boolean> {
    const moved = await this.database.query(POSTPONE, row.id, row.epoch, delaySeconds, reason, why);
    return moved.length > 0;
  }

  /** Takes the tasks of dead processes away. @returns what became of them */
  lose(tx: Tx, leaseSeconds: number, limit: number): Promise<EndedTask[]> {
    return this.change(tx, LOSE, leaseSeconds, limit);
  }

  /** Ends attempts that are past their time. @returns what became of their tasks */
  timeOut(tx: Tx, graceSeconds: number): Promise<EndedTask[]> {
    return this.change(tx, TIME_OUT, graceSeconds, this.agingSeconds);
  }

  /** Ends waiting tasks that are past `expires_at`, never started, or past `deadline_at`. */
  expire(tx: Tx, limit: number): Promise<EndedTask[]> {
    return this.change(tx, EXPIRE, limit);
  }

  /** @returns the tasks that are cancelled now, and those still `processing` that were asked to stop */
  async cancel(tx: Tx, ids: readonly string[]): Promise<CancelledRow[]> {
    await this.lock(tx, ids);
    return this.change<CancelledRow>(tx, CANCEL, ids);
  }

  /**
   * Gives a waiting task another priority or time.
   * @returns nothing when it does not wait; `withdrawn`: it had been in the transport under this epoch
   */
  async revise(tx: Tx, id: string, { priority, run_at }: Revision): Promise<RevisedRow[]> {
    await this.lock(tx, [id]);
    return this.database.queryIn(tx, REVISE, id, priority ?? null, run_at ?? null, this.agingSeconds);
  }

  /**
   * Runs failed and cancelled tasks again; `blocked` when their parents have to be asked first.
   * @param how.payload replaces the old one
   * @param how.detail goes into the history
   * @returns the rows that run again: those that were failed or cancelled
   * @throws when another live task holds a unique key of theirs (SQLSTATE 23505)
   */
  async replay(
    tx: Tx,
    ids: readonly string[],
    { payload, detail }: { payload?: Json; detail?: Json } = {},
  ): Promise<RevivedRow[]> {
    await this.lock(tx, ids);
    const texts = [payload, detail].map((json) => (json === undefined ? null : JSON.stringify(json)));
    const revived = await this.database.queryIn<RevivedRow>(
      tx,
      REPLAY,
      ids,
      texts[0],
      this.agingSeconds,
      texts[1],
    );
    await this.ends.revived(tx, revived);
    return revived;
  }

  /** One holder of a name at a time, until the transaction ends. */
  async tryLock(tx: Tx, name: string): Promise<boolean> {
    const [row] = await this.database.queryIn<{ held: boolean }>(tx, TRY_LOCK, name);
    return row?.held ?? false;
  }

  /** A statement that may end tasks, and what it owes to others when it does. */
  private async change<Row extends EndedTask = EndedTask>(
    tx: Tx,
    sql: string,
    ...parameters: unknown[]
  ): Promise<Row[]> {
    const rows = await this.database.queryIn<Row>(tx, sql, ...parameters);
    await this.ends.ended(tx, rows);
    return rows;
  }

  /** Holds these rows, in the order that everybody locks them in. */
  async lock(tx: Tx, ids: readonly string[]): Promise<void> {
    await this.database.queryIn(tx, LOCK_TASKS, ids);
  }
}

/** Asked to stop, every exit but completion had ended `cancelled`. */
function isAnswerTo({ outcome, event }: Settlement, found: string): boolean {
  return found === outcome || (found === 'cancelled' && event !== 'complete');
}

function toSettleInput({ lease, settlement, fingerprint, logs }: SettleRequest) {
  return {
    ...lease,
    event: settlement.event,
    target: targetOf(settlement.event),
    outcome: settlement.outcome,
    reason: settlement.reason,
    spends: settlement.spends,
    returns: settlement.returns,
    delay_ms: settlement.delayMs,
    result: settlement.result,
    error: settlement.error,
    fingerprint,
    logs: logs.length > 0 ? logs : undefined,
  };
}
