import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Sweep } from '../kernel/sweep.js';
import { QdrantServer } from './qdrant-server.adapter.js';
import { VectorSources, type SourceWrite } from './vector-sources.js';
import { SWEPT_TO, TAKE_TO_SWEEP } from './vectors.sql.js';

const PAGE_POINTS = 2_000;
const PAUSE_SECONDS = 30;

interface Taken {
  name: string;
  sweptTo: string | null;
}

interface Leftover {
  /** Of the collection. */
  name: string;
  write: SourceWrite;
}

/**
 * Goes through the points in Qdrant, a page of one collection at a time in one process of all, and deletes what
 * transactions left that failed, or that could not delete what they had replaced.
 */
@Injectable()
export class QdrantLeftoversSweep extends Sweep {
  readonly name = 'qdrant-leftovers';
  readonly intervalMs = PAUSE_SECONDS * 1_000;
  private readonly sources: VectorSources;
  private readonly found: Leftover[] = [];

  constructor(
    private readonly database: Database,
    private readonly server: QdrantServer,
  ) {
    super();
    this.sources = new VectorSources(database);
  }

  /** Deletes what an earlier pass found: a search that began before may still count on it for a while. */
  async runOnce(): Promise<Record<string, number>> {
    const due = this.found.splice(0);
    for (const leftover of due) await this.delete(leftover);
    const taken = await this.database.transaction(async (tx) => {
      const [row] = await this.database.queryIn<Taken>(tx, TAKE_TO_SWEEP, 'qdrant', PAUSE_SECONDS);
      return row;
    });
    if (taken) await this.readPage(taken);
    return { vector_leftovers: due.length };
  }

  private async readPage({ name, sweptTo }: Taken): Promise<void> {
    const page = await this.server.find('scroll', (client) =>
      client.scroll(name, {
        limit: PAGE_POINTS,
        ...(sweptTo === null ? {} : { offset: sweptTo }),
        with_payload: ['tenant_id', 'source', 'generation', 'written_by'],
        with_vector: false,
      }),
    );
    if (page === null) return;
    const writes = new Map(
      page.points.map(({ payload }) => [JSON.stringify(payload), payload as unknown as SourceWrite]),
    );
    const leftovers = await this.sources.leftovers(name, [...writes.values()]);
    this.found.push(...leftovers.map((write) => ({ name, write })));
    const next = page.next_page_offset;
    await this.database.transaction((tx) =>
      this.database.executeIn(tx, SWEPT_TO, name, typeof next === 'string' ? next : null),
    );
  }

  /** Of that transaction only: should its work have been repeated, the same points were written by another one. */
  private async delete({ name, write }: Leftover): Promise<void> {
    const must = Object.entries(write).map(([key, value]) => ({ key, match: { value } }));
    await this.server.find('delete', (client) => client.delete(name, { wait: true, filter: { must } }));
  }
}
