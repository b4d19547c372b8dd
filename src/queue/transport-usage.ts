import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Transport } from '../transport/transport.js';

/** Numbers for people need not wait for a transport that is down. */
const ANSWER_WITHIN_MS = 1_000;

/** What the transport holds; `null` wherever it does not answer in time. */
@Injectable()
export class TransportUsage {
  constructor(
    private readonly config: Config,
    private readonly transport: Transport,
  ) {}

  async read(queues: readonly string[]) {
    const [memory, ...waiting] = await Promise.all([
      orNull(this.transport.memory()),
      ...queues.map((queue) => orNull(this.transport.stats(queue).then((stats) => stats.waiting))),
    ]);
    return {
      whole: {
        kind: this.config.redis ? ('redis' as const) : ('postgres' as const),
        memory_bytes: memory?.memoryBytes ?? null,
        keys: memory?.keys ?? null,
      },
      waiting: new Map(queues.map((queue, index) => [queue, waiting[index] ?? null])),
    };
  }
}

/** The caller is told by the null; why the transport is down is health's to say. */
function orNull<T>(answer: Promise<T>): Promise<T | null> {
  return Promise.race([answer.catch(() => null), delay(ANSWER_WITHIN_MS, null, { ref: false })]);
}
