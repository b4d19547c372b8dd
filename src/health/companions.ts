import { Injectable } from '@nestjs/common';
import { ObjectStore } from '../storage/object-store.js';
import { Transport } from '../transport/transport.js';
import { VectorStore } from '../vectors/vector-store.js';

/** Asks whether something answers; rejects when it does not. */
export interface Question {
  name: string;
  ask: () => Promise<unknown>;
}

/** What a process can be without for a while. */
@Injectable()
export class Companions {
  constructor(
    private readonly transport: Transport,
    private readonly vectors: VectorStore,
    private readonly objects: ObjectStore,
  ) {}

  /**
   * Those whose loss callers notice at once: no search without the vectors, where they are not in Postgres; no upload
   * without the storage.
   */
  noticed(timeoutMs: number): Question[] {
    const { health } = this.vectors;
    const storage = () => this.objects.check({ signal: AbortSignal.timeout(timeoutMs) });
    return [...(health ? [{ name: 'vectors', ask: health }] : []), { name: 'storage', ask: storage }];
  }

  all(timeoutMs: number): Question[] {
    return [{ name: 'transport', ask: () => this.transport.health() }, ...this.noticed(timeoutMs)];
  }
}
