import type { OnApplicationShutdown } from '@nestjs/common';
import type { Tx } from '../database/transaction.js';
import { Fault } from '../kernel/fault.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import type { VectorBackend } from './vector-backend.js';
import type { VectorCollections } from './vector-collections.js';
import type { VectorSources } from './vector-sources.js';
import {
  VectorStore,
  type CollectionSpec,
  type SourceKey,
  type SourceVectors,
  type VectorHit,
  type VectorQuery,
} from './vector-store.js';

type Backend = VectorStore & OnApplicationShutdown;

/**
 * Every collection where it lies: new ones in Qdrant where that is configured, else in Postgres; old ones stay where
 * they are, and answer from there, until a re-index has filled a new one.
 */
export class RoutedVectorStore extends VectorStore implements OnApplicationShutdown {
  private readonly backends = new Map<string, VectorBackend>();
  override readonly health?: () => Promise<void>;
  override readonly backend: VectorBackend;

  constructor(
    private readonly collections: VectorCollections,
    private readonly sources: VectorSources,
    private readonly stores: { postgres: Backend; qdrant?: Backend },
  ) {
    super();
    this.backend = stores.qdrant ? 'qdrant' : 'postgres';
    this.health = stores.qdrant?.health;
  }

  override ensureCollection(spec: CollectionSpec): Promise<string> {
    return this.preferred.ensureCollection(spec);
  }

  override addCollection(spec: CollectionSpec): Promise<string> {
    return this.preferred.addCollection(spec);
  }

  override async replace(tx: Tx, vectors: SourceVectors): Promise<void> {
    await (await this.of(vectors.collection, tx)).replace(tx, vectors);
  }

  /** Where the backend is missing nothing can be searched, and the vectors are leftovers once it is back. */
  override async delete(tx: Tx, key: SourceKey): Promise<void> {
    const store = this.stores[await this.backendOf(key.collection, tx)];
    await (store ? store.delete(tx, key) : this.sources.clear(tx, key));
  }

  override async search(scope: TenantScope, query: VectorQuery): Promise<VectorHit[]> {
    return (await this.of(query.collection)).search(scope, query);
  }

  override count(scope: TenantScope, where: { collection: string; source?: string }): Promise<number> {
    return this.sources.count(scope, where);
  }

  override async stored(collection: string): Promise<number> {
    return (await this.of(collection)).stored(collection);
  }

  override async clear(collection: string): Promise<void> {
    await (await this.of(collection)).clear(collection);
  }

  override reaches(backend: VectorBackend): boolean {
    return this.stores[backend] !== undefined;
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(Object.values(this.stores).map((store) => store.onApplicationShutdown()));
  }

  private get preferred(): VectorStore {
    return this.stores.qdrant ?? this.stores.postgres;
  }

  private async of(collection: string, tx?: Tx): Promise<VectorStore> {
    const store = this.stores[await this.backendOf(collection, tx)];
    if (store) return store;
    throw new Fault(
      'vectors.backend_missing',
      `The vector collection ${collection} lies in Qdrant: set QDRANT_URL, or fill one in Postgres with \`intake rebuild-vectors\``,
    );
  }

  private async backendOf(collection: string, tx?: Tx): Promise<VectorBackend> {
    const known = this.backends.get(collection);
    if (known) return known;
    const { backend } = await this.collections.find(collection, tx);
    this.backends.set(collection, backend);
    return backend;
  }
}
