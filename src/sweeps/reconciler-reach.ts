import { Injectable } from '@nestjs/common';
import { TaskPublisher } from '../tasks/task-publisher.js';
import { TaskRegistry } from '../tasks/task-registry.js';
import { Transport } from '../transport/transport.js';

/** What the reconciler compares Postgres with. */
@Injectable()
export class ReconcilerReach {
  constructor(
    readonly transport: Transport,
    readonly publisher: TaskPublisher,
    readonly registry: TaskRegistry,
  ) {}
}
