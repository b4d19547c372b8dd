import type { ZodType, z } from 'zod';
import type { Backoff } from '../kernel/backoff.js';

/** A task type: its name, its queue, the shapes that go in and come out, and how patient Intake is with it. */
export interface TaskDefinition<Payload extends ZodType = ZodType, Result extends ZodType = ZodType> {
  /** Stable for ever: rows carry it. */
  readonly type: string;
  readonly queue: string;
  readonly payload: Payload;
  readonly result: Result;
  /** All attempts, the first included; the environment's TASK_MAX_ATTEMPTS when absent. */
  readonly maxAttempts?: number;
  /** Per attempt; 300,000 when absent. */
  readonly timeoutMs?: number;
  readonly backoff?: Partial<Backoff>;
  /** Attempts that one worker process runs at once; the worker's default when absent. */
  readonly concurrency?: number;
}

export type PayloadOf<Definition extends TaskDefinition> = z.output<Definition['payload']>;
export type ResultOf<Definition extends TaskDefinition> = z.output<Definition['result']>;

export function defineTask<Payload extends ZodType, Result extends ZodType>(
  definition: TaskDefinition<Payload, Result>,
): TaskDefinition<Payload, Result> {
  return Object.freeze(definition);
}
