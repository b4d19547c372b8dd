import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import { Sweep } from '../kernel/sweep.js';
import {
  TaskRetentionRepository,
  type FinalKind,
  type FinalPlace,
} from '../tasks/task-retention.repository.js';
import { TasksRepository } from '../tasks/tasks.repository.js';

/** Rows of one transaction. */
const BATCH = 500;
/** Transactions of one pass: a shutdown does not wait for the end of a long history. */
const BATCHES = 20;
const REST_MS = 60_000;
const YIELD_MS = 50;
/** Attempts of dead letters name their workers. */
const WORKERS_KEPT_DAYS = 60;
/** From time to time all results are looked at again: one may have been held by somebody. */
const PASSES_A_ROUND = 60;

/** Lets go what is over: final tasks, results, idempotency keys, workers; one process at a time, a little in each transaction. */
@Injectable()
export class RetentionSweep extends Sweep {
  readonly name = 'retention';
  intervalMs = REST_MS;
  /** Where the walk over each kind stands; from its end it begins again. */
  private readonly places: Record<FinalKind, FinalPlace | null> = { done: null, dead: null };
  private clearedUntil: string | null = null;
  private passes = 0;

  constructor(
    private readonly database: Database,
    private readonly tasks: TasksRepository,
    private readonly retention: TaskRetentionRepository,
    private readonly config: Config,
  ) {
    super();
  }

  async runOnce(): Promise<Record<string, number>> {
    const { taskExpirySeconds, deadLetterRetentionSeconds, resultTtlSeconds } = this.config;
    if ((this.passes += 1) % PASSES_A_ROUND === 0) this.clearedUntil = null;
    const leftOver = [
      await inBatches(() => this.purge('done', taskExpirySeconds)),
      await inBatches(() => this.purge('dead', deadLetterRetentionSeconds)),
      resultTtlSeconds !== null && (await inBatches(() => this.clearResults(resultTtlSeconds))),
      await inBatches(() => this.alone((tx) => this.retention.purgeIdempotencyKeys(tx, BATCH))),
      await inBatches(() => this.alone((tx) => this.retention.purgeWorkers(tx, WORKERS_KEPT_DAYS, BATCH))),
    ];
    this.intervalMs = leftOver.includes(true) ? YIELD_MS : REST_MS;
    return {};
  }

  private async purge(kind: FinalKind, ageSeconds: number): Promise<number> {
    const walk = { kind, ageSeconds, after: this.places[kind] };
    const step = await this.alone((tx) => this.retention.purgeFinished(tx, null, walk, BATCH));
    if (step === 0) return 0;
    this.places[kind] = step.last;
    return step.last ? BATCH : 0;
  }

  private async clearResults(ageSeconds: number): Promise<number> {
    const step = await this.alone((tx) =>
      this.retention.clearResults(tx, ageSeconds, this.clearedUntil, BATCH),
    );
    if (step === 0) return 0;
    if (step.cleared < BATCH) this.clearedUntil = step.until;
    return step.cleared;
  }

  /** @returns 0 while another process is at it */
  private alone<T>(work: (tx: Tx) => Promise<T>): Promise<T | 0> {
    return this.database.transaction(async (tx) =>
      (await this.tasks.tryLock(tx, 'retention')) ? work(tx) : 0,
    );
  }
}

/** @param work one transaction; answers how much it did @returns whether it was stopped with more to do */
async function inBatches(work: () => Promise<number>): Promise<boolean> {
  for (let batch = 0; batch < BATCHES; batch += 1) if ((await work()) < BATCH) return false;
  return true;
}
