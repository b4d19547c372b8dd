import type { TenantScope } from '../kernel/tenant-scope.js';
import type { Models } from '../vectors/alias-vectors.js';
import type { VectorPoint } from '../vectors/vector-store.js';
import type { ReindexItem, StoredItems } from './stored-items.js';

/** A question whose best answer is known: a point that it was made from is as near as can be. */
export interface ReindexSample {
  tenantId: string;
  /** The item that it was made from. */
  source: string;
  /** @throws as the embedder does */
  embed(model: string, signal: AbortSignal): Promise<Float32Array>;
}

/** What a feature knows of its own things, for them to be re-indexed. */
export interface ReindexSource {
  /** The purpose of the collections. */
  readonly alias: string;
  readonly models: Models;
  readonly items: StoredItems;
  /** Items that are embedded at the same time. */
  readonly atOnce: number;

  /** The vectors of what is stored of an item; nothing is fetched anew. */
  embed(item: ReindexItem, model: string, signal: AbortSignal): Promise<VectorPoint[]>;

  samples(scope: TenantScope | null, limit: number, signal: AbortSignal): Promise<ReindexSample[]>;
}
