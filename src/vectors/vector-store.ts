import type { Tx } from '../database/transaction.js';
import type { Json } from '../kernel/json.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import type { VectorBackend } from './vector-backend.js';

export type Payload = Readonly<Record<string, Json>>;

export interface CollectionSpec {
  /** What the collection is for, such as `documents`. */
  alias: string;
  /** Name of the model, with its version. */
  model: string;
  dimension: number;
}

export interface VectorPoint {
  /** Unique within its source. */
  id: string;
  /** Any length but zero; only the direction counts. */
  vector: Float32Array;
  /** What a hit should carry and a filter may ask for; keep it small, it is held in memory. */
  payload: Payload;
}

/** The vectors of one thing (a document, an image), which come and go together. */
export interface SourceKey {
  collection: string;
  tenantId: string;
  source: string;
}

export interface SourceVectors extends SourceKey {
  /** Names the run that made the points. */
  generation: string;
  points: readonly VectorPoint[];
}

export interface VectorQuery {
  collection: string;
  vector: Float32Array;
  limit: number;
  filter?: VectorFilter;
}

/** What a point must fulfil, all of it. */
export interface VectorFilter {
  /** Its source is this one, or one of these. */
  source?: string | readonly string[];
  /** Each of these fields of its payload equals the value. */
  payload?: Payload;
}

export interface VectorHit {
  id: string;
  source: string;
  /** Cosine of the angle to the query, -1 to 1. */
  score: number;
  payload: Payload;
}

/**
 * Keeps vectors by tenant and source, and finds those nearest to another vector. Which collection of a purpose serves is
 * the business of {@link VectorCollections}.
 */
export abstract class VectorStore {
  /**
   * Asks whatever keeps vectors beside Postgres; absent where nothing does.
   * @throws Fault `vectors.unavailable`
   */
  readonly health?: () => Promise<void>;

  /**
   * Makes sure that there is a collection for this purpose, model and dimension. The first one of a purpose serves;
   * later ones (another model) start out as filling.
   * @returns its name
   * @throws Fault `vectors.unavailable`
   */
  abstract ensureCollection(spec: CollectionSpec): Promise<string>;

  /** The same, but always a new one: the first of a purpose serves, a later one is the one that is being filled. */
  abstract addCollection(spec: CollectionSpec): Promise<string>;

  /**
   * Puts the points in place of all that the source had, when the transaction commits. No points leave none.
   * @throws Fault `vectors.collection_unknown`, `vectors.dimension_mismatch`, `vectors.invalid`, `vectors.unavailable`
   */
  abstract replace(tx: Tx, vectors: SourceVectors): Promise<void>;

  /** Removes all that the source has, when the transaction commits; a source that is not there is fine. */
  abstract delete(tx: Tx, key: SourceKey): Promise<void>;

  /**
   * The tenant's nearest points, best first. Sees everything that was committed before the call.
   * @throws Fault `vectors.collection_unknown`, `vectors.dimension_mismatch` or `vectors.unavailable`
   */
  abstract search(scope: TenantScope, query: VectorQuery): Promise<VectorHit[]>;

  /** How many points the tenant has in the collection, or one source of it. */
  abstract count(scope: TenantScope, where: { collection: string; source?: string }): Promise<number>;

  /** Where new collections are made. */
  abstract readonly backend: VectorBackend;

  /** Whether collections that lie there can be reached from here. */
  abstract reaches(backend: VectorBackend): boolean;

  /** How many vectors the collection holds, of all tenants, counted where they lie. May take seconds. */
  abstract stored(collection: string): Promise<number>;

  /** Removes all that a collection holds, of all tenants, in small steps; may be repeated. Nobody writes to it any more. */
  abstract clear(collection: string): Promise<void>;
}
