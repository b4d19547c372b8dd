import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import { builtEntry } from '../kernel/built-entry.js';
import { RequestThread } from '../kernel/request-thread.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import type { Ranking, RankingTask } from './nearest.js';
import { unitVector } from './unit-vector.js';
import { VectorCache } from './vector-cache.js';
import type { VectorBackend } from './vector-backend.js';
import { VectorCollections } from './vector-collections.js';
import { VectorSources } from './vector-sources.js';
import { vectorsWritten } from './vector-telemetry.js';
import {
  VectorStore,
  type CollectionSpec,
  type SourceKey,
  type SourceVectors,
  type VectorHit,
  type VectorPoint,
  type VectorQuery,
} from './vector-store.js';
import { COUNT_VECTORS, DELETE_VECTORS, FORGET_VECTORS, INSERT_VECTORS } from './vectors.sql.js';

/** Vectors kept in memory for searching: 131,072 of 512 numbers. */
const CACHE_BYTES = 256 * 1024 * 1024;
/** Vectors per INSERT: 2 MB of 512 numbers. */
const INSERT_POINTS = 1_000;
/** Vectors per DELETE of a collection that goes. */
const FORGET_POINTS = 5_000;

/**
 * Vectors in a Postgres table, written in the caller's transaction; searched exactly, in memory shared with a thread.
 * Fit for some 50,000 vectors per tenant.
 */
@Injectable()
export class PostgresVectorStore extends VectorStore implements OnApplicationShutdown {
  override readonly backend = 'postgres';
  private readonly cache: VectorCache;
  private readonly collections: VectorCollections;
  private readonly sources: VectorSources;
  private readonly thread = new RequestThread<RankingTask, Ranking>(
    builtEntry(import.meta.url, './nearest.thread.js'),
  );
  /** A collection never changes its dimension, and no name is used twice. */
  private readonly dimensions = new Map<string, number>();

  constructor(private readonly database: Database) {
    super();
    this.cache = new VectorCache(database, CACHE_BYTES);
    this.collections = new VectorCollections(database);
    this.sources = new VectorSources(database);
  }

  override async ensureCollection(spec: CollectionSpec): Promise<string> {
    return (await this.collections.ensure(spec, 'postgres')).name;
  }

  override async addCollection(spec: CollectionSpec): Promise<string> {
    return (await this.collections.add(spec, 'postgres')).name;
  }

  override async replace(tx: Tx, { generation, points, ...key }: SourceVectors): Promise<void> {
    const { collection, tenantId, source } = key;
    const dimension = await this.dimensionOf(collection, tx);
    const units = points.map(({ vector }) => unitVector(vector, dimension));
    await this.sources.write(tx, key, generation, points.length);
    await this.database.executeIn(tx, DELETE_VECTORS, collection, tenantId, source);
    for (let at = 0; at < points.length; at += INSERT_POINTS) {
      await this.insert(tx, key, points.slice(at, at + INSERT_POINTS), units.slice(at, at + INSERT_POINTS));
    }
    vectorsWritten.publish({ backend: 'postgres', points: points.length });
  }

  override async delete(tx: Tx, key: SourceKey): Promise<void> {
    await this.sources.clear(tx, key);
    await this.database.executeIn(tx, DELETE_VECTORS, key.collection, key.tenantId, key.source);
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

  override count(scope: TenantScope, where: { collection: string; source?: string }): Promise<number> {
    return this.sources.count(scope, where);
  }

  override reaches(backend: VectorBackend): boolean {
    return backend === this.backend;
  }

  override async stored(collection: string): Promise<number> {
    const [row] = await this.database.query<{ stored: number }>(COUNT_VECTORS, collection);
    return row?.stored ?? 0;
  }

  override async clear(collection: string): Promise<void> {
    const page = () =>
      this.database.transaction((tx) =>
        this.database.executeIn(tx, FORGET_VECTORS, collection, FORGET_POINTS),
      );
    while ((await page()) === FORGET_POINTS);
    await this.sources.forget(collection);
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
    const { dimension } = await this.collections.find(collection, tx);
    this.dimensions.set(collection, dimension);
    return dimension;
  }
}
