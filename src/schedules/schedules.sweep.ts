import { setImmediate as turn } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import { Fault } from '../kernel/fault.js';
import { isDatabaseDown } from '../kernel/repeat.js';
import { Sweep } from '../kernel/sweep.js';
import { TaskControlService } from '../tasks/task-control.service.js';
import { TaskRegistry } from '../tasks/task-registry.js';
import { TasksService } from '../tasks/tasks.service.js';
import { CronExpression } from './cron-expression.js';
import { requestOf } from './schedule-request.js';
import { SchedulesRepository, type DueSchedule } from './schedules.repository.js';
import { overlapped, toRecord, type Move } from './tick-move.js';
import { planTicks, undecided } from './tick-plan.js';

const BATCH = 200;

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
    const move: Move = { schedule, plan: undecided(schedule.next_at), tasks: [] };
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
