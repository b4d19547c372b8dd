import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import { builtEntry } from '../kernel/built-entry.js';
import { Fault } from '../kernel/fault.js';
import { RequestThread } from '../kernel/request-thread.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import type { Ranking, RankingTask } from './nearest.js';
import { unitVector } from './unit-vector.js';
import { VectorCache } from './vector-cache.js';
import {
  VectorStore,
  type CollectionSpec,
  type SourceKey,
  type SourceVectors,
  type VectorHit,
  type VectorPoint,
  type VectorQuery,
} from './vector-store.js';
import {
  CLEAR_SOURCE,
  COUNT_POINTS,
  DELETE_VECTORS,
  FIND_COLLECTION,
  INSERT_COLLECTION,
  INSERT_VECTORS,
  LOCK_COLLECTIONS,
  WRITE_SOURCE,
} from './vectors.sql.js';

/** Vectors kept in memory for searching: 131,072 of 512 numbers. */
const CACHE_BYTES = 256 * 1024 * 1024;
/** Vectors per INSERT: 2 MB of 512 numbers. */
const INSERT_POINTS = 1_000;

/**
 * Vectors in a Postgres table, written in the caller's transaction; searched exactly, in memory shared with a thread.
 * Fit for some 50,000 vectors per tenant.
 */
@Injectable()
export class PostgresVectorStore extends VectorStore implements OnApplicationShutdown {
  private readonly cache: VectorCache;
  private readonly thread = new RequestThread<RankingTask, Ranking>(
    builtEntry(import.meta.url, './nearest.thread.js'),
  );
  /** A collection never changes its dimension, nor goes away. */
  private readonly dimensions = new Map<string, number>();

  constructor(private readonly database: Database) {
    super();
    this.cache = new VectorCache(database, CACHE_BYTES);
  }

  override async ensureCollection({ alias, model, dimension }: CollectionSpec): Promise<string> {
    const name = `${alias}-${model}-${dimension}`;
    const [known] = await this.database.query(FIND_COLLECTION, name);
    if (known) return name;
    await this.database.transaction(async (tx) => {
      await this.database.executeIn(tx, LOCK_COLLECTIONS);
      await this.database.executeIn(tx, INSERT_COLLECTION, name, alias, model, dimension);
    });
    return name;
  }

  override async replace(tx: Tx, { generation, points, ...key }: SourceVectors): Promise<void> {
    const { collection, tenantId, source } = key;
    const dimension = await this.dimensionOf(collection, tx);
    const units = points.map(({ vector }) => unitVector(vector, dimension));
    await this.database.executeIn(tx, WRITE_SOURCE, collection, tenantId, source, generation, points.length);
    await this.database.executeIn(tx, DELETE_VECTORS, collection, tenantId, source);
    for (let at = 0; at < points.length; at += INSERT_POINTS) {
      await this.insert(tx, key, points.slice(at, at + INSERT_POINTS), units.slice(at, at + INSERT_POINTS));
    }
  }

  override async delete(tx: Tx, { collection, tenantId, source }: SourceKey): Promise<void> {
    await this.database.executeIn(tx, CLEAR_SOURCE, collection, tenantId, source);
    await this.database.executeIn(tx, DELETE_VECTORS, collection, tenantId, source);
  }

  override async search(scope: TenantScope, query: VectorQuery): Promise<VectorHit[]> {
    const { collection, limit } = query;
    const dimension = await this.dimensionOf(collection);
    const unit = unitVector(query.vector, dimension);
    const shelf = await this.cache.current({ collection, tenantId: scope.tenantId, dimension });
    const { matrix, rows, points } = shelf.select(query.filter);
    const ranking = await this.thread.request({ matrix, rows, query: unit, limit });
    return Array.from(ranking.rows, (row, at) => ({ ...points[row], score: ranking.scores[at] }));
  }

  override async count(scope: TenantScope, where: { collection: string; source?: string }): Promise<number> {
    const [row] = await this.database.query<{ points: number }>(
      COUNT_POINTS,
      where.collection,
      scope.tenantId,
      where.source ?? null,
    );
    return row.points;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.thread.close();
  }

  private async insert(
    tx: Tx,
    { collection, tenantId, source }: SourceKey,
    points: readonly VectorPoint[],
    units: readonly Float32Array[],
  ): Promise<void> {
    const described = JSON.stringify(points.map(({ id, payload }) => ({ id, payload })));
    const vectors = Buffer.concat(units.map(({ buffer }) => new Uint8Array(buffer)));
    const bytesEach = vectors.byteLength / points.length;
    await this.database.executeIn(
      tx,
      INSERT_VECTORS,
      collection,
      tenantId,
      source,
      described,
      vectors,
      bytesEach,
    );
  }

  private async dimensionOf(collection: string, tx?: Tx): Promise<number> {
    const known = this.dimensions.get(collection);
    if (known !== undefined) return known;
    const [row] = await (tx
      ? this.database.queryIn<{ dimension: number }>(tx, FIND_COLLECTION, collection)
      : this.database.query<{ dimension: number }>(FIND_COLLECTION, collection));
    if (!row) throw new Fault('vectors.collection_unknown', `There is no vector collection ${collection}`);
    this.dimensions.set(collection, row.dimension);
    return row.dimension;
  }
}
