import { Injectable, Logger } from '@nestjs/common';
import { Transport } from '../transport/transport.js';
import type { PlacedTask } from './task-rows.js';

/**
 * Hands rows that are `queued` in Postgres to the transport, after their commit. Nobody waits for it and nothing is
 * lost when it fails: the reconciler publishes again what the transport does not know.
 */
@Injectable()
export class TaskPublisher {
  private readonly logger = new Logger('TaskPublisher');
  private readonly waiting = new Map<string, PlacedTask[]>();
  private readonly inFlight = new Set<string>();

  constructor(private readonly transport: Transport) {}

  publish(tasks: readonly PlacedTask[]): void {
    for (const task of tasks) {
      if (task.status !== 'queued' || task.transport_priority === null) continue;
      const queue = this.waiting.get(task.queue);
      if (queue) queue.push(task);
      else this.waiting.set(task.queue, [task]);
    }
    for (const queue of this.waiting.keys()) void this.flush(queue);
  }

  private async flush(queue: string): Promise<void> {
    if (this.inFlight.has(queue)) return;
    this.inFlight.add(queue);
    try {
      for (let batch = this.take(queue); batch.length > 0; batch = this.take(queue)) {
        await this.transport.publish(queue, batch.map(toEntry));
      }
    } catch (error) {
      this.logger.warn({ msg: 'could not publish; the reconciler will', queue, err: error });
    } finally {
      this.inFlight.delete(queue);
    }
  }

  private take(queue: string): PlacedTask[] {
    const batch = this.waiting.get(queue) ?? [];
    this.waiting.delete(queue);
    return batch;
  }
}

function toEntry({ id, epoch, type, transport_priority }: PlacedTask) {
  return { taskId: id, epoch, type, priority: transport_priority ?? 1 };
}
