import { hostname } from 'node:os';
import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { VERSION } from '../kernel/version.js';
import { DECLARE_LOST, REGISTER_WORKER, RETIRE_WORKER } from './heartbeat.sql.js';
import type { WorkerIdentity } from './worker-identity.js';

/** The rows of worker incarnations, but for the beats themselves. */
@Injectable()
export class WorkerRecordsRepository {
  constructor(private readonly database: Database) {}

  async register(
    worker: WorkerIdentity,
    serves: { queues: readonly string[]; types: readonly string[]; concurrency: number },
  ) {
    const { incarnation, name, kind } = worker;
    const { queues, types, concurrency } = serves;
    await this.database.query(
      REGISTER_WORKER,
      incarnation,
      name,
      kind,
      hostname(),
      process.pid,
      VERSION,
      queues,
      types,
      concurrency,
    );
  }

  async retire(incarnation: string): Promise<void> {
    await this.database.query(RETIRE_WORKER, incarnation);
  }

  /** Said of a child process whose end was seen: nobody needs to wait for its lease to run out. */
  async declareLost(incarnation: string): Promise<void> {
    await this.database.query(DECLARE_LOST, incarnation);
  }
}
