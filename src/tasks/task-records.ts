import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Leases } from './leases.js';
import { RunningAttempts } from './running-attempts.js';
import { decide } from './settlement.js';
import { taskRepaired } from './task-telemetry.js';
import { TasksRepository } from './tasks.repository.js';

/** A row that Postgres thinks this incarnation is running. */
export interface HeldRow {
  id: string;
  epoch: number;
  lease_token: string;
  cancel: boolean;
  /** Claimed long enough ago that the claim's reply must have come. */
  old: boolean;
}

/** What a heartbeat writes about tasks. */
@Injectable()
export class TaskRecords {
  constructor(
    private readonly database: Database,
    private readonly leases: Leases,
    private readonly running: RunningAttempts,
    private readonly tasks: TasksRepository,
  ) {}

  /** A row that carries our incarnation but nothing in memory: the claim's reply was lost. */
  async giveBack(row: HeldRow): Promise<void> {
    const lease = { id: row.id, epoch: row.epoch, token: row.lease_token };
    // Held until Postgres has answered, so that the next beat does not find it forgotten again.
    const attempt = this.running.begin(lease);
    const unspent = {
      attempts: 0,
      maxAttempts: 2,
      returns: 0,
      backoff: { baseMs: 0, factor: 1, maxMs: 0, jitter: 0 },
    };
    const settlement = decide(unspent, { kind: 'interrupted' });
    try {
      const { late } = await this.leases.settle({ lease, settlement, fingerprint: null, logs: [] });
      if (!late) taskRepaired.publish({ kind: 'forgotten', count: 1 });
    } finally {
      this.running.end(attempt);
    }
  }

  async saveNews(news: Parameters<TasksRepository['saveProgress']>[1]): Promise<void> {
    if (news.length > 0) await this.database.transaction((tx) => this.tasks.saveProgress(tx, news));
  }
}
