import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import { LEASE_MS } from '../tasks/heartbeat.js';
import { taskDepthChanged } from '../tasks/task-telemetry.js';
import type { EndedTask } from '../tasks/task-observers.js';
import { TasksRepository } from '../tasks/tasks.repository.js';
import { QueuesRepository, type ServerTime } from './queues.repository.js';
import { Sweep } from '../kernel/sweep.js';

/** A worker settles a timeout itself; after this the reconciler does it over its head. */
const TIMEOUT_GRACE_S = 15;
/** Passes further apart than this were not a run: what stopped this process may have stopped every heartbeat too. */
const MAX_GAP_MS = LEASE_MS - 3_000;
const BATCH = 500;

/** Takes tasks from workers that died or sleep; every repair is counted and written down. */
@Injectable()
export class ReconcileSweep extends Sweep {
  readonly name = 'reconcile';
  readonly intervalMs = 2_000;
  /** On Postgres' clock, as everything here. */
  private run: { sinceMs: number; lastMs: number } | null = null;

  constructor(
    private readonly database: Database,
    private readonly tasks: TasksRepository,
    private readonly queues: QueuesRepository,
  ) {
    super();
  }

  async runOnce(): Promise<Record<string, number>> {
    const lost = await this.judge((tx) => this.lose(tx));
    const timedOut = await this.judge((tx) => this.tasks.timeOut(tx, TIMEOUT_GRACE_S));
    for (const { queue } of [...lost, ...timedOut]) taskDepthChanged.publish({ queue });
    await this.queues.refreshWindows();
    await this.queues.forgetRates();
    return { lost: lost.length, timed_out: timedOut.length };
  }

  /**
   * The time and the verdict in one transaction: what froze in between froze with it. One verdict in each, as each locks
   * in the order of ids anew: a settlement that holds rows of both would wait in a circle.
   */
  private async judge(verdict: (tx: Tx) => Promise<EndedTask[]>): Promise<EndedTask[]> {
    try {
      return await this.database.transaction(async (tx) =>
        this.maySee(await this.queues.time(tx)) ? verdict(tx) : [],
      );
    } catch (error) {
      this.run = null;
      throw error;
    }
  }

  private async lose(tx: Tx): Promise<EndedTask[]> {
    const lost = await this.tasks.lose(tx, LEASE_MS / 1_000, BATCH);
    await this.queues.noteLostWorkers(tx, LEASE_MS / 1_000);
    return lost;
  }

  /** An outage silences every heartbeat: nobody is late until all had a lease's time to be heard again. */
  private maySee({ nowMs, startedMs }: ServerTime): boolean {
    const unbroken = this.run !== null && nowMs - this.run.lastMs <= MAX_GAP_MS;
    this.run = { sinceMs: unbroken && this.run ? this.run.sinceMs : nowMs, lastMs: nowMs };
    return nowMs - this.run.sinceMs >= LEASE_MS && nowMs - startedMs >= LEASE_MS;
  }
}
