import { Injectable } from '@nestjs/common';
import type { Delivery } from '../transport/transport.js';
import { WorkerRecordsRepository } from './worker-records.repository.js';

/** Runs suspects, one at a time, in a child process with an incarnation of its own. */
@Injectable()
export abstract class Isolation {
  constructor(private readonly workers: WorkerRecordsRepository) {}

  /** @returns false when the child is busy with another suspect; otherwise true once the child is done, or dead */
  abstract tryRun(delivery: Delivery): Promise<boolean>;

  /** Said of a child whose end was seen: nobody needs to wait for its lease to run out. */
  protected declareLost(incarnation: string): Promise<void> {
    return this.workers.declareLost(incarnation);
  }
}
