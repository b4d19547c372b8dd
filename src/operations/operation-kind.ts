import type { Tx } from '../database/transaction.js';
import type { Json } from '../kernel/json.js';
import type { TenantScope } from '../kernel/tenant-scope.js';

/** What one step of an operation may work on. */
export interface OperationPart<Input> {
  operationId: string;
  scope: TenantScope;
  input: Input;
  /** When the operation was asked for, by Postgres' clock: what came later is none of its business. */
  startedAt: Date;
  /** Where the step before ended; `null` at the first. */
  state: Json;
  /** Do at most this many units. */
  limit: number;
}

export interface Skip {
  id: string;
  reason: string;
}

export interface OperationStep {
  /** Where this step ended. */
  state: Json;
  /** Units that this step did. */
  done: number;
  /** Units that it left alone, each with the reason. */
  skips?: readonly Skip[];
  /** Nothing is left. */
  ended: boolean;
  /** Done once the step is committed; its loss must be harmless. */
  afterCommit?: () => void;
}

/**
 * One kind of background work. A room that needs one provides it from a module that every process loads: whoever runs
 * operations finds it there. The step and the place where it ended commit together, so that whatever dies, each unit is
 * done once, and any process goes on where the last one ended.
 */
export abstract class OperationKind<Input = Json> {
  /** Stable for ever, such as `tasks.cancel`. */
  abstract readonly name: string;

  /** @returns how many units there are, or `null` when that would take too long to say */
  abstract count(scope: TenantScope, input: Input): Promise<number | null>;

  /** A small part of the work, well within 5 s, all of it through `tx`. */
  abstract step(tx: Tx, part: OperationPart<Input>): Promise<OperationStep>;
}
