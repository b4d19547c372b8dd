import { Injectable, Logger } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Fault } from '../kernel/fault.js';
import { newId } from '../kernel/ids.js';
import type { QueuedRow } from '../tasks/task-rows.js';
import { TasksRepository } from '../tasks/tasks.repository.js';
import { transportKey } from '../transport/transport.js';
import { QueuesRepository, type TransportMark } from './queues.repository.js';
import { ReconcilerReach } from './reconciler-reach.js';
import { Sweep } from '../kernel/sweep.js';

const BATCH = 500;

/** Publishes again what Postgres believes queued and the transport does not hold; judging workers never waits for it. */
@Injectable()
export class RedispatchSweep extends Sweep {
  readonly name = 'redispatch';
  readonly intervalMs = 2_000;
  private readonly logger = new Logger('redispatch');
  /** Where the last look ended, by queue: a long window is compared a part at a time. */
  private readonly seen = new Map<string, QueuedRow>();

  constructor(
    private readonly database: Database,
    private readonly tasks: TasksRepository,
    private readonly queues: QueuesRepository,
    private readonly work: ReconcilerReach,
  ) {
    super();
  }

  async runOnce(): Promise<Record<string, number>> {
    const queues = this.work.registry.queues();
    const counts = await Promise.all(queues.map((queue) => this.redispatchIfUp(queue)));
    return { redispatched: counts.reduce((sum, count) => sum + count, 0) };
  }

  private async redispatchIfUp(queue: string): Promise<number> {
    try {
      const mark = await this.queues.transportMark(queue);
      return mark ? await this.redispatch(queue, mark) : 0;
    } catch (error) {
      if (!Fault.is(error, 'transport.unavailable')) throw error;
      this.logger.debug({ msg: 'the transport is away; trying again', queue });
      return 0;
    }
  }

  private async redispatch(queue: string, mark: TransportMark): Promise<number> {
    if ((await this.work.transport.incarnation(queue)) === mark.incarnation && mark.incarnation) {
      return this.publishMissing(queue, mark);
    }
    const count = mark.incarnation ? await this.publishAll(queue, mark) : 0;
    await this.remark(queue, mark);
    return count;
  }

  /** Compares one part of the window with the transport. */
  private async publishMissing(queue: string, { settledBefore }: TransportMark): Promise<number> {
    const rows = await this.tasks.findQueued(queue, settledBefore, BATCH, this.seen.get(queue));
    const last = rows.at(-1);
    if (last && rows.length === BATCH) this.seen.set(queue, last);
    else this.seen.delete(queue);
    const missing = await this.missing(queue, rows);
    if (missing.length === 0) return 0;
    const why = 'the transport does not know the task';
    const placed = await this.database.transaction((tx) => this.tasks.redispatch(tx, missing, why));
    this.work.publisher.publish(placed);
    return placed.length;
  }

  private async missing(queue: string, rows: readonly QueuedRow[]): Promise<QueuedRow[]> {
    if (rows.length === 0) return [];
    const keys = rows.map(({ id, epoch }) => transportKey(id, epoch));
    const known = await this.work.transport.known(queue, keys);
    return rows.filter(({ suspect }, at) => {
      const presence = known.get(keys[at] ?? '') ?? 'unknown';
      return presence === 'unknown' || (presence === 'active' && !suspect);
    });
  }

  /** The transport lost its memory: whatever was queued until now goes out again, by one process only. */
  private async publishAll(queue: string, mark: TransportMark): Promise<number> {
    let count = 0;
    for (;;) {
      const rows = await this.tasks.findQueued(queue, mark.now, BATCH);
      if (rows.length === 0) return count;
      const placed = await this.database.transaction(async (tx) =>
        (await this.queues.holdMark(tx, queue, mark))
          ? this.tasks.redispatch(tx, rows, 'the transport lost its memory')
          : null,
      );
      if (!placed) return count;
      this.work.publisher.publish(placed);
      count += placed.length;
    }
  }

  /** Only now that everything was dispatched again: a crash before this repeats it, which is harmless. */
  private remark(queue: string, mark: TransportMark): Promise<void> {
    const incarnation = newId();
    return this.database.transaction(async (tx) => {
      if (!(await this.queues.holdMark(tx, queue, mark))) return;
      await this.queues.expectIncarnation(tx, queue, incarnation);
      await this.work.transport.mark(queue, incarnation);
    });
  }
}
