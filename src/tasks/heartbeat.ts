import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Pulse } from '../database/pulse.js';
import { isDatabaseDown, repeat } from '../kernel/repeat.js';
import { ignoring } from '../telemetry/ignoring.js';
import { BEAT } from './heartbeat.sql.js';
import { RunningAttempts } from './running-attempts.js';
import { TaskRegistry } from './task-registry.js';
import { TaskRecords, type HeldRow } from './task-records.js';
import { WorkerIdentity } from './worker-identity.js';
import { WorkerRecordsRepository, type Serves } from './worker-records.repository.js';

export const BEAT_INTERVAL_MS = 1_000;
/** Without a beat for this long a worker stops its own work. */
export const SELF_DOUBT_MS = 8_000;
/** Without a beat for this long the reconciler takes a worker's tasks away. */
export const LEASE_MS = 12_000;

/** One for each task that is held, or one without a task. */
type BeatRow = { drain: boolean } & (HeldRow | { id: null });

/** Says once a second that this process lives, and hears what it should stop or give back. */
@Injectable()
export class Heartbeat {
  private readonly logger = new Logger('Heartbeat');
  private pulse: Pulse<BeatRow> | null = null;
  private minder: NodeJS.Timeout | null = null;
  private draining = false;
  private onFirstBeat: () => void = () => undefined;
  private onDrainAsked: () => void = () => undefined;
  private register: () => Promise<void> = () => Promise.resolve();
  /** Resolves once an operator wants this process to take nothing more, and to end. */
  readonly drainAsked = new Promise<void>((resolve) => (this.onDrainAsked = resolve));

  constructor(
    private readonly config: Config,
    private readonly workers: WorkerRecordsRepository,
    private readonly worker: WorkerIdentity,
    private readonly running: RunningAttempts,
    private readonly records: TaskRecords,
    private readonly registry: TaskRegistry,
  ) {}

  /**
   * Registers this incarnation and waits for its first beat, for as long as Postgres is away: a process that cannot
   * say that it lives would lose whatever it took.
   */
  async start(serves: Serves): Promise<void> {
    const row = { ...serves, types: this.registry.handledTypes() };
    this.register = () => this.workers.register(this.worker, row);
    await repeat(this.register, isDatabaseDown, Infinity);
    this.pulse = new Pulse<BeatRow>({
      connectionString: this.config.databaseDirectUrl,
      sql: BEAT,
      intervalMs: BEAT_INTERVAL_MS,
      stopAfterMs: SELF_DOUBT_MS,
      parameters: () => this.vitals(),
      onBeat: (rows, askedAtMs) => this.hear(rows, askedAtMs),
    });
    const beaten = new Promise<void>((resolve) => (this.onFirstBeat = resolve));
    this.pulse.start();
    await beaten;
    this.minder = setInterval(() => this.mind(), BEAT_INTERVAL_MS);
  }

  drain(): void {
    this.draining = true;
  }

  async stop(): Promise<void> {
    if (this.minder) clearInterval(this.minder);
    await this.pulse?.stop();
    if (this.pulse) {
      await ignoring(
        this.workers.retire(this.worker.incarnation),
        'a worker that cannot sign off is noticed by its silence',
      );
    }
    this.pulse = null;
  }

  private vitals(): unknown[] {
    const { processed, failed, size } = this.running;
    const status = this.draining ? 'draining' : 'running';
    return [this.worker.incarnation, size, processed, failed, process.memoryUsage.rss(), status];
  }

  private hear(rows: BeatRow[], askedAtMs: number): void {
    this.onFirstBeat();
    if (rows.length === 0) void ignoring(this.register(), 'the next beat finds the row gone again');
    if (rows[0]?.drain) this.onDrainAsked();
    this.hearOfTasks(
      rows.filter((row) => row.id !== null),
      askedAtMs,
    );
  }

  private hearOfTasks(rows: HeldRow[], askedAtMs: number): void {
    this.running.stopLost(new Set(rows.map((row) => row.lease_token)), askedAtMs);
    for (const row of rows) if (row.cancel) this.running.stop(row.lease_token, 'cancelled');
    const forgotten = rows.filter((row) => row.old && !this.running.holds(row.lease_token));
    for (const row of forgotten)
      void ignoring(this.records.giveBack(row), 'the next beat finds the row again');
  }

  private doubt(silentMs: number): void {
    if (this.running.isOpen) {
      this.logger.warn({
        msg: 'no heartbeat reaches Postgres; running work is given back, nothing new is taken',
        silent_ms: silentMs,
        because: this.pulse?.fault,
      });
    }
    this.running.stopAll('lease_in_doubt');
  }

  private mind(): void {
    const silentMs = this.pulse?.silentMs ?? 0;
    if (silentMs > SELF_DOUBT_MS) this.doubt(silentMs);
    else this.running.reopen('lease_in_doubt');
    void ignoring(this.records.saveNews(this.running.takeNews()), 'progress is news, not a promise');
  }
}
