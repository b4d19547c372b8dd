import { Injectable, SetMetadata, applyDecorators } from '@nestjs/common';
import type { TenantScope } from '../kernel/tenant-scope.js';
import type { Tx } from '../database/transaction.js';
import type { Json } from '../kernel/json.js';
import type { PayloadOf, ResultOf, TaskDefinition } from './define-task.js';
import type { TaskOutcome } from './task-outcome.js';

/** What a handler is given for one attempt. */
export interface TaskRun<Definition extends TaskDefinition> {
  readonly taskId: string;
  /** From 1. */
  readonly attempt: number;
  readonly scope: TenantScope;
  readonly payload: PayloadOf<Definition>;
  /** Fires on cancel, timeout, shutdown and a lost lease; stop and let the rejection through. */
  readonly signal: AbortSignal;
  /** @param fraction 0 to 1 */
  readonly progress: (fraction: number, message: string) => void;
  readonly log: (message: string, data?: Record<string, Json>) => void;
  /**
   * The only place where a handler writes: a transaction that first locks the task's row against this attempt.
   * @throws Fault `lease.lost` when another attempt holds the task; nothing was written then
   */
  readonly effects: <T>(write: (tx: Tx) => Promise<T>) => Promise<T>;
}

export interface TaskHandler<Definition extends TaskDefinition> {
  handle(run: TaskRun<Definition>): Promise<TaskOutcome<ResultOf<Definition>>>;
}

export const HANDLES = 'intake:handles';

/** Marks a provider as the handler of a task type. A class that does not handle that type does not compile. */
export function Handles<Definition extends TaskDefinition>(definition: Definition) {
  const decorate = applyDecorators(Injectable(), SetMetadata(HANDLES, definition));
  return <Handler extends new (...dependencies: never[]) => TaskHandler<Definition>>(
    handler: Handler,
  ): void => {
    decorate(handler);
  };
}
