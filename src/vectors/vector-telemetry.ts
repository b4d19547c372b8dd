import { typedChannel } from '../kernel/typed-channel.js';
import type { VectorBackend } from './vector-backend.js';

/** Points handed to a backend; those of a transaction that fails later count too. */
export interface VectorsWritten {
  backend: VectorBackend;
  points: number;
}

/** One request to a vector database, retries apart. */
export interface VectorRequest {
  /** upsert, query, delete, count, scroll, or what is done to a collection. */
  kind: string;
  outcome: 'ok' | 'error' | 'timeout';
  durationMs: number;
}

export const vectorsWritten = typedChannel<VectorsWritten>('intake:vectors:written');
export const vectorRequested = typedChannel<VectorRequest>('intake:vectors:requested');
