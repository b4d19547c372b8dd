import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/transaction.js';
import { Fault } from '../kernel/fault.js';
import type { Json } from '../kernel/json.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { isFinal } from '../tasks/lifecycle.js';
import { TaskControlService } from '../tasks/task-control.service.js';
import { linksOf } from '../tasks/task-views.js';
import { TasksService } from '../tasks/tasks.service.js';
import { requestOf } from './schedule-request.js';
import { SchedulesRepository } from './schedules.repository.js';

/** A schedule's task now, beside its ticks. */
@Injectable()
export class ScheduleRunsService {
  constructor(
    private readonly schedules: SchedulesRepository,
    private readonly tasks: TasksService,
    private readonly control: TaskControlService,
  ) {}

  /**
   * Submits the task of a schedule at once, also of a paused one; its `overlap` holds, its ticks stay as they are.
   * @throws Fault `schedule.not_found`, `schedule.overlap`, and those of a submit
   */
  async run(scope: TenantScope, name: string, idempotencyKey?: string) {
    const row = await this.schedules.find(scope, name);
    if (!row) throw new Fault('schedule.not_found', `There is no schedule ${name}`);
    let withdraw: () => void = () => undefined;
    const within = async (tx: Tx, taskId: string) => {
      withdraw = await this.makeWay(tx, scope, row.id);
      await this.schedules.recordRun(tx, row.id, taskId);
    };
    const request = requestOf({ ...row, request: row.request as Json });
    const once = await this.tasks.submit(scope, request, {
      idempotencyKey,
      request: { run: row.id },
      within,
    });
    withdraw();
    return once;
  }

  private async makeWay(tx: Tx, scope: TenantScope, id: string): Promise<() => void> {
    const row = await this.schedules.hold(tx, scope, id);
    if (!row) throw new Fault('schedule.not_found', `There is no schedule ${id}`);
    const { overlap, lastTaskId } = row;
    const status = lastTaskId ? await this.schedules.taskStatus(tx, lastTaskId) : undefined;
    if (!lastTaskId || !status || isFinal(status) || overlap === 'allow') return () => undefined;
    if (overlap === 'cancel') return this.control.cancelIn(tx, [lastTaskId]);
    const detail = `Its last task ${lastTaskId} is ${status}, and its overlap is skip; wait for that task, or cancel it`;
    throw new Fault('schedule.overlap', detail, { extensions: { links: linksOf(lastTaskId) } });
  }
}
