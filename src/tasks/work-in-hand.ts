import { Injectable } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { isDatabaseDown, repeat } from '../kernel/repeat.js';
import type { Lane } from '../transport/transport.js';
import { RunningAttempts } from './running-attempts.js';
import { TaskRegistry } from './task-registry.js';
import { TasksRepository } from './tasks.repository.js';

/** Attempts that one process runs at once in a queue whose types do not say. */
const DEFAULT_CONCURRENCY = 8;

/** What this process may run, and what it is running. */
@Injectable()
export class WorkInHand {
  constructor(
    readonly running: RunningAttempts,
    private readonly registry: TaskRegistry,
    private readonly tasks: TasksRepository,
  ) {}

  /** @throws Error when the configuration names a queue that nothing here handles */
  lanes(config: Config): Lane[] {
    const handled = this.registry.handledTypes().flatMap((type) => this.registry.definition(type) ?? []);
    const queues = config.workerQueues ?? [...new Set(handled.map(({ queue }) => queue))];
    return queues.map((queue) => {
      const types = handled.filter((definition) => definition.queue === queue);
      if (types.length === 0) throw new Error(`WORKER_QUEUES names ${queue}, but no handler here serves it`);
      const own = Math.max(...types.map(({ concurrency }) => concurrency ?? DEFAULT_CONCURRENCY));
      return { queue, concurrency: config.workerConcurrency ?? own };
    });
  }

  async makeQueuesKnown(): Promise<void> {
    await repeat(() => this.tasks.ensureQueues(this.registry.queues()), isDatabaseDown, Infinity);
  }
}
