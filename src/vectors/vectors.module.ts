// owns: vectors and the search for the nearest. promises: a source's vectors change in the caller's transaction, and a
// search sees all that was committed before it. never: mixes tenants or models; knows what a vector means.
import { Module } from '@nestjs/common';
import { PostgresVectorStore } from './postgres-vector-store.adapter.js';
import { VectorStore } from './vector-store.js';

@Module({ providers: [{ provide: VectorStore, useClass: PostgresVectorStore }], exports: [VectorStore] })
export class VectorsModule {}
