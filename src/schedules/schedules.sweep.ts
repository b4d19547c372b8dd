import { setImmediate as turn } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import { backoffMs } from '../kernel/backoff.js';
import { Fault } from '../kernel/fault.js';
import { isDatabaseDown } from '../kernel/repeat.js';
import { Sweep } from '../kernel/sweep.js';
import type { Submitted } from '../tasks/submissions.js';
import type { NewTask } from '../tasks/task-rows.js';
import { TaskControlService } from '../tasks/task-control.service.js';
import { TaskRegistry } from '../tasks/task-registry.js';
import { TasksService } from '../tasks/tasks.service.js';
import { CronExpression } from './cron-expression.js';
import { requestOf } from './schedule-request.js';
import { SchedulesRepository, type DueSchedule, type TickRecord } from './schedules.repository.js';
import { planTicks, type TickPlan } from './tick-plan.js';

const BATCH = 200;
/** Between two tries of a tick that was refused. */
const PATIENCE = { baseMs: 5_000, factor: 2, maxMs: 60_000, jitter: 0.2 };

/** Everything that a pass wants of one schedule, decided before its transaction. */
interface Move {
  schedule: DueSchedule;
  plan: TickPlan;
  /** For the first ticks of the plan; fewer than those when the next one was refused. */
  tasks: NewTask[];
  refusal?: Fault;
}

/** Submits a task for every tick that is due. Who advances a schedule's revision submits its tasks, in one transaction. */
@Injectable()
export class ScheduleSweep extends Sweep {
  readonly name = 'schedules';
  readonly intervalMs = 1_000;
  private readonly logger = new Logger('schedules');

  constructor(
    private readonly database: Database,
    private readonly schedules: SchedulesRepository,
    private readonly registry: TaskRegistry,
    private readonly tasks: TasksService,
    private readonly control: TaskControlService,
  ) {
    super();
  }

  async runOnce(): Promise<Record<string, number>> {
    if ((await this.pass()) > 0) this.wake();
    return {};
  }

  /** @returns how many schedules it moved */
  private async pass(): Promise<number> {
    const due = await this.schedules.due(this.registry.types(), BATCH);
    const moves: Move[] = [];
    for (const schedule of due) {
      moves.push(await this.decide(schedule));
      await turn();
    }
    return moves.length > 0 ? this.apply(moves) : 0;
  }

  private async decide(schedule: DueSchedule): Promise<Move> {
    const plan: TickPlan = {
      fire: [],
      skippedBefore: 0,
      skippedAfter: 0,
      why: null,
      nextAt: schedule.next_at,
    };
    const move: Move = { schedule, plan, tasks: [] };
    try {
      move.plan = planTicks(new CronExpression(schedule.cron, schedule.timezone), {
        nextAt: schedule.next_at,
        now: schedule.now,
        catchUp: schedule.catch_up,
        overlap: schedule.overlap,
        isLastLive: schedule.is_last_live,
      });
      for (const tick of move.plan.fire) {
        move.tasks.push(await this.tasks.draft({ tenantId: schedule.tenant_id }, requestOf(schedule, tick)));
      }
    } catch (error) {
      if (isDatabaseDown(error)) throw error;
      move.refusal = this.toRefusal(schedule, error);
    }
    return move;
  }

  /** One that Postgres refuses is found by halving, and refused alone. @returns how many moved */
  private async apply(moves: readonly Move[]): Promise<number> {
    try {
      return await this.applyTogether(moves);
    } catch (error) {
      if (isDatabaseDown(error)) throw error;
      const [only] = moves;
      if (only && moves.length === 1 && !only.refusal) {
        return this.applyTogether([{ ...only, tasks: [], refusal: this.toRefusal(only.schedule, error) }]);
      }
      if (moves.length === 1) throw error;
      const middle = moves.length >> 1;
      return (await this.apply(moves.slice(0, middle))) + (await this.apply(moves.slice(middle)));
    }
  }

  private async applyTogether(moves: readonly Move[]): Promise<number> {
    const { held, submitted, withdraw } = await this.database.transaction((tx) => this.applyIn(tx, moves));
    withdraw();
    this.tasks.announce(submitted.flatMap((answer) => ('placed' in answer ? [answer.placed] : [])));
    return held;
  }

  private async applyIn(tx: Tx, moves: readonly Move[]) {
    const mine = await this.schedules.holdDue(
      tx,
      moves.map(({ schedule }) => schedule),
    );
    const held = moves.filter(({ schedule }) => mine.has(schedule.id));
    const withdraw = await this.control.cancelIn(tx, held.flatMap(overlapped));
    const tasks = held.flatMap((move) => move.tasks);
    const submitted = tasks.length > 0 ? await this.tasks.submitDrafts(tx, tasks) : [];
    const answers = new Map(tasks.map(({ id }, at) => [id, submitted[at]]));
    if (held.length > 0)
      await this.schedules.record(
        tx,
        held.map((move) => toRecord(move, answers)),
      );
    return { held: held.length, submitted, withdraw };
  }

  /** Only the first of a row is worth a line. */
  private toRefusal(schedule: DueSchedule, error: unknown): Fault {
    const refusal = Fault.is(error)
      ? error
      : new Fault('internal', 'The tick could not be decided; see the log', { cause: error });
    const { code } = refusal;
    if (schedule.refusals === 0)
      this.logger.warn({ msg: 'a tick was refused', schedule: schedule.id, code, err: error });
    return refusal;
  }
}

/** The task that has to make way. */
function overlapped({ schedule, tasks }: Move): string[] {
  const { overlap, is_last_live, last_task_id } = schedule;
  return overlap === 'cancel' && is_last_live && last_task_id && tasks.length > 0 ? [last_task_id] : [];
}

/** A tick whose task is there already, by its unique key, is decided, and counts once. */
function toRecord(move: Move, answers: ReadonlyMap<string, Submitted | undefined>): TickRecord {
  const { schedule, plan, tasks, refusal } = move;
  const last = tasks.at(-1);
  const answer = last && answers.get(last.id);
  const skipped = refusal ? plan.skippedBefore : plan.skippedBefore + plan.skippedAfter;
  return {
    id: schedule.id,
    next_at: refusal ? (plan.fire[tasks.length] ?? schedule.next_at) : plan.nextAt,
    tick_at: plan.fire[tasks.length - 1],
    task_id: answer && ('placed' in answer ? answer.placed.id : answer.collision.id),
    fired: tasks.filter(({ id }) => 'placed' in (answers.get(id) ?? {})).length,
    skipped,
    skip_reason: skipped > 0 ? plan.why : null,
    ...(refusal
      ? { error: { code: refusal.code, message: sayWhy(refusal) }, wait_ms: patienceMs(schedule, refusal) }
      : {}),
  };
}

function sayWhy({ detail, options }: Fault): string {
  const errors = (options.errors ?? []).map(({ path, message }) => `${path}: ${message}`);
  return [detail, ...errors].join(' ').slice(0, 1_000);
}

function patienceMs({ refusals }: DueSchedule, { options }: Fault): number {
  return Math.max((options.retryAfterSeconds ?? 0) * 1_000, backoffMs(PATIENCE, Math.min(refusals, 10) + 1));
}
