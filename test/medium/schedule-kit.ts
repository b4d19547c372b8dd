import type { z } from 'zod';
import { newId } from '../../src/kernel/ids.js';
import { CreateSchedule } from '../../src/schedules/schedules.contract.js';
import { SchedulesApiModule } from '../../src/schedules/schedules.module.js';
import { SchedulesService } from '../../src/schedules/schedules.service.js';
import { ScheduleSweep } from '../../src/schedules/schedules.sweep.js';
import { freshEnvironment, scope, startSubmitter, type TestApp } from '../support/apps.js';
import { inconsistencies } from '../support/consistency.js';
import { eventually, type TestDatabase } from '../support/stack.js';

export const WITHIN = { timeoutMs: 60_000 };

/** Schedules on a database of their own, swept by several Intakes. */
export class ScheduleKit {
  private constructor(
    readonly apps: readonly [TestApp, ...TestApp[]],
    private readonly server: TestDatabase,
  ) {}

  static async start(sweepers: number): Promise<ScheduleKit> {
    const { database } = await freshEnvironment('postgres');
    const apps: [TestApp, ...TestApp[]] = [await startSubmitter(SchedulesApiModule)];
    while (apps.length < sweepers) apps.push(await startSubmitter(SchedulesApiModule));
    return new ScheduleKit(apps, database);
  }

  /** @returns what does not add up in the task tables */
  async stop(): Promise<object> {
    const found = await inconsistencies(this.database);
    await Promise.all(this.apps.map((app) => app.close()));
    await this.server.drop();
    return found;
  }

  get app(): TestApp {
    return this.apps[0];
  }

  get database() {
    return this.app.database;
  }

  get service(): SchedulesService {
    return this.app.get(SchedulesService);
  }

  /** Due once a year, and named for nobody else. */
  async create(request: Partial<z.input<typeof CreateSchedule>> = {}) {
    const name = newId().replaceAll('-', '.');
    const whole = CreateSchedule.parse({ name, cron: '@yearly', type: 'test.scripted', ...request });
    return (await this.service.create(scope, whole)).answer;
  }

  get(id: string) {
    return this.service.get(scope, id);
  }

  /** The tasks of a schedule's ticks, oldest first. */
  tasksOf(id: string) {
    return this.database.query<{ id: string; status: string; tick: string }>(
      `SELECT id, status, labels->>'tick_at' AS tick FROM tasks WHERE starts_with(unique_key, $1) ORDER BY tick, id`,
      `schedule:${id}:`,
    );
  }

  /** What an outage does: the next tick lies in the past. */
  async dueAgo(id: string, seconds: number): Promise<void> {
    await this.database.query(
      `UPDATE schedules SET next_at = date_trunc('second', now()) - $2::int * interval '1 second',
         wake_at = date_trunc('second', now()) - $2::int * interval '1 second', revision = revision + 1
       WHERE id = $1::uuid RETURNING id`,
      id,
      seconds,
    );
    this.sweep();
  }

  sweep(): void {
    for (const app of this.apps) app.get(ScheduleSweep).wake();
  }

  /** Once no tick of it waits for a decision. */
  decided(id: string) {
    return eventually(async () => {
      const view = await this.get(id);
      return view.next_at && Date.parse(view.next_at) > Date.now() ? view : null;
    }, WITHIN);
  }

  refused(id: string) {
    return eventually(async () => {
      const view = await this.get(id);
      return view.last_error ? view : null;
    }, WITHIN);
  }
}
