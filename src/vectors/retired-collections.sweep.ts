import { Injectable } from '@nestjs/common';
import { Sweep } from '../kernel/sweep.js';
import { VectorCollections } from './vector-collections.js';
import { VectorStore } from './vector-store.js';

/** For how long one can go back to the collection that served before. */
const KEPT_DAYS = 7;

/** Drops collections that retired long ago, and ends what a process that died had begun to drop. */
@Injectable()
export class RetiredCollectionsSweep extends Sweep {
  readonly name = 'retired-collections';
  readonly intervalMs = 600_000;

  constructor(
    private readonly collections: VectorCollections,
    private readonly store: VectorStore,
  ) {
    super();
  }

  async runOnce(): Promise<Record<string, number>> {
    const names = await this.collections.outlived(KEPT_DAYS);
    for (const name of names) await this.drop(name);
    return { collections_dropped: names.length };
  }

  /** A crash in between leaves it `dropping`: the next pass goes on. */
  private async drop(name: string): Promise<void> {
    const collection = await this.collections.find(name);
    if (!(await this.collections.beginDrop(collection))) return;
    await this.store.clear(name);
    await this.collections.endDrop(name);
  }
}
