import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Sweep } from '../kernel/sweep.js';
import { whileFull } from '../kernel/while-full.js';
import { OperationsRepository } from './operations.repository.js';

const KEPT_DAYS = 30;
const BATCH = 500;

/** Lets operations go that ended long ago. */
@Injectable()
export class OperationsRetentionSweep extends Sweep {
  readonly name = 'operations-retention';
  readonly intervalMs = 600_000;

  constructor(
    private readonly database: Database,
    private readonly operations: OperationsRepository,
  ) {
    super();
  }

  async runOnce(): Promise<Record<string, number>> {
    await whileFull(BATCH, () => this.purge());
    return {};
  }

  private purge(): Promise<number> {
    return this.database.transaction((tx) => this.operations.purge(tx, KEPT_DAYS, BATCH));
  }
}
