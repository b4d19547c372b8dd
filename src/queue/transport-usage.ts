import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { inTime } from '../telemetry/in-time.js';
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
    const [memory, ...stats] = await Promise.all([
      inTime(this.transport.memory(), ANSWER_WITHIN_MS),
      ...queues.map((queue) => inTime(this.transport.stats(queue), ANSWER_WITHIN_MS)),
    ]);
    return {
      whole: {
        kind: this.config.redis ? ('redis' as const) : ('postgres' as const),
        memory_bytes: memory?.memoryBytes ?? null,
        keys: memory?.keys ?? null,
      },
      waiting: new Map(queues.map((queue, index) => [queue, stats[index]?.waiting ?? null])),
    };
  }
}
