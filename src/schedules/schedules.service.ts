import { Injectable } from '@nestjs/common';
import { isBadRow } from '../database/database-fault.js';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import { Fault } from '../kernel/fault.js';
import { isUuid, newId } from '../kernel/ids.js';
import type { Json } from '../kernel/json.js';
import { unstorable } from '../kernel/storable.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { Idempotency, type Once } from '../tasks/idempotency.js';
import { TaskMaker } from '../tasks/new-task.js';
import { CronExpression, isTimeZone, localTime } from './cron-expression.js';
import { requestOf } from './schedule-request.js';
import { toScheduleView } from './schedule-view.js';
import type {
  CreateSchedule,
  PreviewSchedule,
  ReplaceSchedule,
  ScheduleView,
  UpdateSchedule,
} from './schedules.contract.js';
import { SchedulesRepository, type ScheduleRow } from './schedules.repository.js';

/** A change of these leaves the work itself as it is. */
const MANNERS = new Set(['name', 'paused', 'catch_up', 'overlap']);

/** What callers see of schedules and do to them; their ticks are the sweep's. */
@Injectable()
export class SchedulesService {
  constructor(
    private readonly database: Database,
    private readonly schedules: SchedulesRepository,
    private readonly maker: TaskMaker,
    private readonly idempotency: Idempotency,
  ) {}

  /**
   * @throws Fault `schedule.exists`, `request.invalid` for an expression, a time zone or a payload that cannot be, and
   * those of {@link TaskMaker.make}
   */
  async create(
    scope: TenantScope,
    request: CreateSchedule,
    idempotencyKey?: string,
  ): Promise<Once<ScheduleView>> {
    await this.maker.admitCallback(request);
    this.check(scope, request);
    const store = async (tx: Tx) => {
      const id = newId();
      const fields = { ...toFields(request), ...(await this.timesOf(tx, request)) };
      if (!(await this.schedules.insert(tx, scope, id, fields))) throw taken(request.name);
      return toScheduleView(await this.hold(tx, scope, id));
    };
    if (idempotencyKey !== undefined) {
      return this.idempotency.once(scope, idempotencyKey, { schedule: request }, store);
    }
    return { answer: await this.database.transaction(store), replayed: false };
  }

  /** @param name id or name @throws Fault `schedule.not_found` */
  async get(scope: TenantScope, name: string): Promise<ScheduleView> {
    return toScheduleView(await this.find(scope, name));
  }

  async list(scope: TenantScope, limit: number, before?: string): Promise<ScheduleView[]> {
    return (await this.schedules.list(scope, limit, before)).map(toScheduleView);
  }

  /**
   * Another expression or zone starts anew from this moment, as a schedule that is resumed does; any other change keeps
   * the next tick, and tries at once one that was refused.
   * @throws Fault `schedule.not_found`, and those of {@link create}
   */
  async update(scope: TenantScope, name: string, patch: UpdateSchedule): Promise<ScheduleView> {
    const { id } = await this.find(scope, name);
    await this.maker.admitCallback(patch);
    return this.renaming(patch.name, async (tx) => {
      const row = await this.hold(tx, scope, id);
      const wanted = { ...toRequest(row), ...patch };
      if (Object.keys(patch).some((key) => !MANNERS.has(key))) this.check(scope, wanted);
      const anew =
        row.cron !== wanted.cron || row.timezone !== wanted.timezone || row.paused !== wanted.paused;
      const times = anew ? await this.timesOf(tx, wanted) : { wakeAt: row.nextAt };
      const updatedAt = await this.schedules.now(tx);
      const fields = { ...toFields(wanted), ...times, refusals: 0, updatedAt };
      return toScheduleView(await this.schedules.update(tx, id, fields));
    });
  }

  /** Makes it what is given, whatever it was; a name that is not there is created. */
  async replace(scope: TenantScope, name: string, request: ReplaceSchedule) {
    const row = await this.schedules.find(scope, name);
    if (!row && isUuid(name)) throw notFound(name);
    if (!row) return { created: true, view: (await this.create(scope, { ...request, name })).answer };
    const nothing = Object.fromEntries(Object.keys(toRequest(row)).map((key) => [key, undefined]));
    return {
      created: false,
      view: await this.update(scope, row.id, { ...nothing, ...request, name: row.name }),
    };
  }

  /** Its tasks stay. @throws Fault `schedule.not_found` */
  async delete(scope: TenantScope, name: string): Promise<void> {
    const { id } = await this.find(scope, name);
    await this.database.transaction((tx) => this.schedules.delete(tx, scope, id));
  }

  /** When a schedule is due next, as if it were not paused. @throws Fault `schedule.not_found` */
  async next(scope: TenantScope, name: string, count: number) {
    const { cron, timezone } = await this.find(scope, name);
    return this.preview({ cron, timezone, count });
  }

  /** When an expression is due next. @throws Fault `request.invalid` */
  async preview({ cron: text, timezone, count }: PreviewSchedule) {
    const now = await this.database.transaction((tx) => this.schedules.now(tx));
    const times = cronOf(text, timezone).following(now, count);
    const data = times.map((time) => ({ at: time.toISOString(), local: localTime(time, timezone) }));
    return { cron: text, timezone, data };
  }

  private async renaming<T>(name: string | undefined, work: (tx: Tx) => Promise<T>): Promise<T> {
    try {
      return await this.database.transaction(work);
    } catch (error) {
      throw name !== undefined && isBadRow(error) ? taken(name) : error;
    }
  }

  private check(scope: TenantScope, request: CreateSchedule): void {
    cronOf(request.cron, request.timezone);
    const errors = unstorable(request);
    if (errors.length > 0)
      throw new Fault('payload.unstorable', 'The schedule cannot be stored. See `errors`.', { errors });
    this.maker.make(scope, requestOf({ ...toFields(request), id: '' }));
  }

  private async timesOf(tx: Tx, { cron, timezone, paused }: CreateSchedule) {
    const next = paused ? null : cronOf(cron, timezone).next(await this.schedules.now(tx));
    return { nextAt: next, wakeAt: next };
  }

  private async find(scope: TenantScope, name: string): Promise<ScheduleRow> {
    const row = await this.schedules.find(scope, name);
    if (!row) throw notFound(name);
    return row;
  }

  private async hold(tx: Tx, scope: TenantScope, id: string): Promise<ScheduleRow> {
    const row = await this.schedules.hold(tx, scope, id);
    if (!row) throw notFound(id);
    return row;
  }
}

/** @throws Fault `request.invalid` that names the field */
function cronOf(text: string, timeZone: string): CronExpression {
  if (!isTimeZone(timeZone))
    throw invalid('timezone', 'is no IANA time zone; give one such as Europe/Berlin');
  let cron: CronExpression;
  try {
    cron = new CronExpression(text, timeZone);
  } catch (error) {
    throw invalid('cron', `is not valid: ${(error as Error).message.replace(/^CronPattern: /, '')}`, error);
  }
  if (!cron.next(new Date(0))) throw invalid('cron', 'is never due; no such date exists');
  return cron;
}

function invalid(path: string, message: string, cause?: unknown): Fault {
  return new Fault('request.invalid', 'One value is not valid. See `errors`.', {
    errors: [{ path, message }],
    cause,
  });
}

function notFound(name: string): Fault {
  return new Fault('schedule.not_found', `There is no schedule ${name}`);
}

function taken(name: string): Fault {
  return new Fault(
    'schedule.exists',
    `A schedule ${name} is there already; change that one, or take another name`,
  );
}

function toFields({ name, cron, timezone, type, catch_up, overlap, paused, ...request }: CreateSchedule) {
  return {
    name,
    cron,
    timezone,
    type,
    catchUp: catch_up,
    overlap,
    paused,
    request: request as { [key: string]: Json },
  };
}

/** The inverse: the row in the words of its caller. */
function toRequest(row: ScheduleRow): CreateSchedule {
  const { name, cron, timezone, type, paused } = row;
  const stored = row.request as unknown as Pick<CreateSchedule, 'payload'>;
  const policies = { catch_up: row.catchUp, overlap: row.overlap } as Pick<
    CreateSchedule,
    'catch_up' | 'overlap'
  >;
  return { ...stored, name, cron, timezone, type, paused, ...policies };
}
