// owns: vectors and the search for the nearest. promises: a source's vectors change in the caller's transaction, and a
// search sees all that was committed before it. never: mixes tenants or models; knows what a vector means.
import { Module } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Database } from '../database/database.js';
import { AliasVectors } from './alias-vectors.js';
import { PostgresVectorStore } from './postgres-vector-store.adapter.js';
import { QdrantLeftoversSweep } from './qdrant-leftovers.sweep.js';
import { QdrantServer } from './qdrant-server.adapter.js';
import { QdrantVectorStore } from './qdrant-vector-store.adapter.js';
import { RetiredCollectionsSweep } from './retired-collections.sweep.js';
import { RoutedVectorStore } from './routed-vector-store.js';
import { VectorCollections } from './vector-collections.js';
import { VectorSources } from './vector-sources.js';
import { VectorStore } from './vector-store.js';

const QDRANT = 'vectors:qdrant';

const qdrantServer = {
  provide: QDRANT,
  inject: [Config],
  useFactory: ({ qdrant }: Config) => qdrant && new QdrantServer(qdrant),
};

const vectorStore = {
  provide: VectorStore,
  inject: [Database, VectorCollections, VectorSources, QDRANT],
  useFactory: (
    database: Database,
    collections: VectorCollections,
    sources: VectorSources,
    server: QdrantServer | null,
  ) =>
    new RoutedVectorStore(collections, sources, {
      postgres: new PostgresVectorStore(database),
      ...(server ? { qdrant: new QdrantVectorStore(database, server) } : {}),
    }),
};

/** `null` where there is no Qdrant: then there is nothing to sweep. */
const leftoversSweep = {
  provide: QdrantLeftoversSweep,
  inject: [Database, QDRANT],
  useFactory: (database: Database, server: QdrantServer | null) =>
    server && new QdrantLeftoversSweep(database, server),
};

@Module({
  providers: [
    AliasVectors,
    RetiredCollectionsSweep,
    VectorCollections,
    VectorSources,
    leftoversSweep,
    qdrantServer,
    vectorStore,
  ],
  exports: [AliasVectors, VectorCollections, VectorSources, VectorStore],
})
export class VectorsModule {}
