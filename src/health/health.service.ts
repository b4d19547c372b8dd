import { Injectable, Logger, ServiceUnavailableException } from '@nestjs/common';
import { HealthCheckService, HealthIndicatorService, type HealthCheckResult } from '@nestjs/terminus';
import { Database } from '../database/database.js';
import { Fault } from '../kernel/fault.js';
import { VERSION } from '../kernel/version.js';
import { Companions, type Question } from './companions.js';
import { EventLoop } from './event-loop.js';
import type { HealthReport, HealthState } from './health.contract.js';
import { missingMigrations } from './migrations-check.js';

const CHECK_TIMEOUT_MS = 2_000;
const MAX_LOOP_DELAY_MS = 1_000;

/** Whether this process lives, may be sent work, and what it depends on. */
@Injectable()
export class HealthService {
  private readonly log = new Logger(HealthService.name);
  private wasReady = false;
  private lastStatus: HealthState['status'] = 'ok';

  constructor(
    private readonly checks: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly database: Database,
    private readonly loop: EventLoop,
    private readonly companions: Companions,
  ) {}

  /**
   * Ready when Postgres answers and is migrated: work is then accepted, whatever else is away. Without the storage or the
   * database of the vectors the answer is `degraded`, since there is no upload or no search.
   */
  async ready(): Promise<HealthState['status']> {
    const { status } = await this.run([
      () => this.databaseAnswers(),
      () => this.isMigrated(),
      () => this.loopTurns(),
      ...this.companions.noticed(CHECK_TIMEOUT_MS).map((each) => () => this.mayBeAway(each)),
    ]);
    this.wasReady ||= status === 'ok' || status === 'degraded';
    this.noteChange(status);
    return status;
  }

  /** `ok` for ever after the process was ready once. */
  async started(): Promise<HealthState['status']> {
    return this.wasReady ? 'ok' : this.ready();
  }

  async report(): Promise<HealthReport> {
    const { status, details } = await this.run([
      () => this.databaseAnswers(),
      () => this.isMigrated(),
      () => this.loopTurns(),
      ...this.companions.all(CHECK_TIMEOUT_MS).map((each) => () => this.mayBeAway(each)),
    ]);
    const checks = Object.entries(details).map(([name, { status: state, message, responseTime }]) => [
      name,
      { status: state, message, response_ms: responseTime },
    ]);
    return {
      status,
      version: VERSION,
      uptime_seconds: Math.floor(process.uptime()),
      checks: Object.fromEntries(checks) as HealthReport['checks'],
    };
  }

  private async run(checks: Parameters<HealthCheckService['check']>[0]): Promise<HealthCheckResult> {
    try {
      return await this.checks.check(checks);
    } catch (error) {
      if (error instanceof ServiceUnavailableException) return error.getResponse() as HealthCheckResult;
      throw error;
    }
  }

  private databaseAnswers() {
    return this.attempt('database', () => this.database.query('SELECT 1'));
  }

  private isMigrated() {
    return this.attempt('migrations', async () => {
      const missing = await missingMigrations(this.database);
      if (missing.length > 0) throw new NotReady(`run \`intake migrate\`: ${missing.join(', ')}`);
    });
  }

  private async mayBeAway({ name, ask }: Question) {
    const result = await this.attempt(name, ask);
    const { message, responseTime, status } = result[name];
    if (status === 'up') return result;
    return this.indicators.check(name).degraded({ message, responseTime });
  }

  private loopTurns() {
    const delayMs = this.loop.takeDelayMs();
    const check = this.indicators.check('event_loop');
    return delayMs <= MAX_LOOP_DELAY_MS ? check.up() : check.down(`blocked for ${delayMs} ms at a time`);
  }

  private attempt<Name extends string>(name: Name, work: () => Promise<unknown>) {
    return this.indicators
      .check(name)
      .attempt(() =>
        work().then(
          () => undefined,
          (error: unknown) => this.explain(name, error),
        ),
      )
      .withTimeout(CHECK_TIMEOUT_MS);
  }

  /** What callers may read of a failure; the rest is in the log. */
  private explain(name: string, error: unknown): never {
    if (error instanceof NotReady) throw error;
    this.log.debug({ msg: `${name} is down`, err: error });
    throw new NotReady(Fault.is(error) ? error.detail : 'does not answer as it should; see the log');
  }

  private noteChange(status: HealthState['status']): void {
    if (status === this.lastStatus) return;
    this.log[status === 'ok' ? 'log' : 'warn'](`readiness went from ${this.lastStatus} to ${status}`);
    this.lastStatus = status;
  }
}

/** A reason that may be shown. */
class NotReady extends Error {
  override readonly name = 'NotReady';
}
