import type { Tx } from '../database/transaction.js';
import type { Json } from '../kernel/json.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import type { Uploads } from '../storage/uploads.js';
import { ignoring } from '../telemetry/ignoring.js';
import type { EraseQuery } from './erasure.contract.js';
import { OperationKind, type OperationPart, type OperationStep } from './operation-kind.js';

/** The input of an erasure. */
export interface Erase {
  /** Absent: the whole tenant's. */
  user_id?: string;
}

/** Which things a step removes. */
export interface ErasureChoice {
  userId?: string;
  /** None that was submitted later. */
  until: Date;
  /** None before this one, in the order of the feature; `null`: from the first. */
  after: Json;
  limit: number;
}

export interface Erased {
  /** Where the next step goes on. */
  cursor: Json;
  /** Uploads that it referred to. */
  keys: readonly string[];
}

/** Each has vectors of its own to remove. */
const BATCH = 100;

/** Removes all things of one feature that a user has, or the tenant: rows, what hangs on them, vectors, uploads. */
export abstract class Erasure extends OperationKind<Erase> {
  constructor(private readonly uploads: Uploads) {
    super();
  }

  /** Removes the next things with their vectors, in an order of the feature's. */
  protected abstract erase(tx: Tx, scope: TenantScope, choice: ErasureChoice): Promise<Erased[]>;

  async step(
    tx: Tx,
    { scope, input, startedAt, state, ...part }: OperationPart<Erase>,
  ): Promise<OperationStep> {
    const limit = Math.min(part.limit, BATCH);
    const choice = { userId: input.user_id, until: startedAt, after: state, limit };
    const gone = await this.erase(tx, scope, choice);
    return {
      state: gone.at(-1)?.cursor ?? state,
      done: gone.length,
      ended: gone.length < limit,
      afterCommit: () => this.release(gone.flatMap(({ keys }) => keys)),
    };
  }

  private release(keys: readonly string[]): void {
    void ignoring(this.uploads.release(keys), 'uploads of what was erased are left to the sweep');
  }
}

export function eraseOf({ user_id }: EraseQuery): Record<string, string> {
  return user_id === undefined ? {} : { user_id };
}
