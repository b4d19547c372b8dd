import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Sweep } from '../kernel/sweep.js';
import { whileFull } from '../kernel/while-full.js';
import { DeliveriesRepository } from './deliveries.repository.js';

const KEPT_DAYS = 30;
const BATCH = 500;

/** Lets deliveries go that ended long ago. */
@Injectable()
export class DeliveryRetentionSweep extends Sweep {
  readonly name = 'delivery-retention';
  readonly intervalMs = 60_000;

  constructor(
    private readonly database: Database,
    private readonly deliveries: DeliveriesRepository,
  ) {
    super();
  }

  async runOnce(): Promise<Record<string, number>> {
    await whileFull(BATCH, () => this.purge());
    return {};
  }

  private purge(): Promise<number> {
    return this.database.transaction((tx) => this.deliveries.purge(tx, KEPT_DAYS, BATCH));
  }
}
