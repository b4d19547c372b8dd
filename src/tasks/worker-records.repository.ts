import { hostname } from 'node:os';
import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { VERSION } from '../kernel/version.js';
import { DECLARE_LOST, REGISTER_WORKER, RETIRE_WORKER } from './heartbeat.sql.js';
import type { WorkerIdentity } from './worker-identity.js';

/** What a worker takes: how many attempts at once in all, and in each queue. */
export interface Serves {
  queues: readonly string[];
  concurrency: number;
  lanes: Readonly<Record<string, number>>;
}

/** The rows of worker incarnations, but for the beats themselves. */
@Injectable()
export class WorkerRecordsRepository {
  constructor(private readonly database: Database) {}

  async register(worker: WorkerIdentity, serves: Serves & { types: readonly string[] }) {
    const { incarnation, name, kind } = worker;
    const { queues, types, concurrency, lanes } = serves;
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
      JSON.stringify(lanes),
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
