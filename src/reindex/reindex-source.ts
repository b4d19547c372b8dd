import type { Tx } from '../database/transaction.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import type { Models } from '../vectors/alias-vectors.js';
import type { Tally } from '../vectors/tally.js';
import type { VectorPoint } from '../vectors/vector-store.js';

/** A thing whose vectors come and go together: a document, an image. */
export interface ReindexItem {
  tenantId: string;
  id: string;
  /** Of what is stored of it; its vectors carry the same. */
  generation: string;
}

/** Where a walk goes on: after this item. */
export type ReindexCursor = Pick<ReindexItem, 'tenantId' | 'id'>;

/** A question whose best answer is known: a point that it was made from is as near as can be. */
export interface ReindexSample {
  tenantId: string;
  /** @throws as the embedder does */
  embed(model: string, signal: AbortSignal): Promise<Float32Array>;
}

/** What a feature knows of its own things, for them to be re-indexed. */
export interface ReindexSource {
  /** The purpose of the collections. */
  readonly alias: string;
  readonly models: Models;

  /** @param scope `null`: of every tenant */
  count(scope: TenantScope | null): Promise<number>;

  /** The next items in order of tenant and id, of those that have anything to embed. */
  page(scope: TenantScope | null, after: ReindexCursor | null, limit: number): Promise<ReindexItem[]>;

  /** The vectors of what is stored of an item; nothing is read anew. */
  embed(item: ReindexItem, model: string, signal: AbortSignal): Promise<VectorPoint[]>;

  /** Locks the items, in order, until the transaction ends. @returns those that are still of their generation */
  hold(tx: Tx, items: readonly ReindexItem[]): Promise<ReindexItem[]>;

  /** What all that is stored adds up to, of every tenant. */
  tally(tx: Tx): Promise<Tally>;

  samples(scope: TenantScope | null, limit: number): Promise<ReindexSample[]>;
}
