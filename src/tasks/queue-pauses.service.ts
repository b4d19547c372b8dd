import { Injectable, Logger } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Fault } from '../kernel/fault.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { QueuePausesRepository } from './queue-pauses.repository.js';
import { TaskRegistry } from './task-registry.js';
import { taskDepthChanged } from './task-telemetry.js';
import { TasksRepository } from './tasks.repository.js';

/**
 * Stops and starts what leaves a queue. Once a pause was answered no task of it starts, in whatever process and whatever
 * the transport had handed out by then; what runs goes on.
 */
@Injectable()
export class QueuePausesService {
  private readonly logger = new Logger('Queues');

  constructor(
    private readonly database: Database,
    private readonly pauses: QueuePausesRepository,
    private readonly tasks: TasksRepository,
    private readonly registry: TaskRegistry,
  ) {}

  /** The queue for everybody. @throws Fault `queue.unknown` */
  async setQueue(queue: string, paused: boolean): Promise<void> {
    await this.makeKnown(queue);
    await this.database.transaction((tx) => this.pauses.setQueue(tx, queue, paused));
    this.announce(queue, paused, 'all tenants');
  }

  /** What the tenant has in the queue; the others go on. @throws Fault `queue.unknown` */
  async setShare(scope: TenantScope, queue: string, paused: boolean): Promise<void> {
    await this.makeKnown(queue);
    await this.database.transaction((tx) => this.pauses.setShare(tx, scope, queue, paused));
    this.announce(queue, paused, scope.tenantId);
  }

  /** A queue has its row from the first worker; a type may have declared it before. */
  private async makeKnown(queue: string): Promise<void> {
    const stored = await this.pauses.names();
    const declared = this.registry.queues();
    const known = [...new Set([...stored, ...declared])].toSorted();
    if (!known.includes(queue))
      throw new Fault('queue.unknown', `There is no queue ${queue}; there are ${known.join(', ')}`);
    if (!stored.includes(queue)) await this.tasks.ensureQueues([queue]);
  }

  private announce(queue: string, paused: boolean, whose: string): void {
    this.logger.log({ msg: paused ? 'the queue is paused' : 'the queue is resumed', queue, whose });
    if (!paused) taskDepthChanged.publish({ queue });
  }
}
