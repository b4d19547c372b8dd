import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { tallyColumns, type Tally } from './tally.js';
import type { SourceKey } from './vector-store.js';
import {
  CLEAR_SOURCE,
  COUNT_POINTS,
  FORGET_SOURCES,
  GENERATIONS,
  HOLDS_ANY,
  HOLD_SOURCE,
  LEFTOVERS,
  SNAPSHOT,
  SOURCE_STATES,
  WRITE_SOURCE,
} from './vectors.sql.js';

const TALLY = `
  SELECT ${tallyColumns({ tenant: 'tenant_id', source: 'source', generation: 'generation', points: 'points' })}
  FROM vector_sources WHERE collection = $1 AND generation IS NOT NULL`;

const FORGET_BATCH = 2_000;

export interface SourceState {
  generation: string | null;
  changed: boolean;
}

/** What one transaction wrote of one source. */
export interface SourceWrite {
  tenant_id: string;
  source: string;
  generation: string;
  /** Id of the transaction that wrote it. */
  written_by: string;
}

/** Which generation of each source counts, in each collection. Always in Postgres, wherever the vectors lie. */
@Injectable()
export class VectorSources {
  constructor(private readonly database: Database) {}

  /** Makes a generation the current one; writers of one source take turns. @returns the id of the transaction */
  async write(tx: Tx, key: SourceKey, generation: string, points: number): Promise<string> {
    const { collection, tenantId, source } = key;
    const values = [collection, tenantId, source, generation, points];
    const [row] = await this.database.queryIn<{ changedBy: string }>(tx, WRITE_SOURCE, ...values);
    return row?.changedBy ?? '';
  }

  async clear(tx: Tx, { collection, tenantId, source }: SourceKey): Promise<void> {
    await this.database.executeIn(tx, CLEAR_SOURCE, collection, tenantId, source);
  }

  /** The generation that is current until the transaction commits; `null`: none. Locks the source. */
  async current(tx: Tx, { collection, tenantId, source }: SourceKey): Promise<string | null> {
    const values = [collection, tenantId, source];
    const [row] = await this.database.queryIn<{ generation: string | null }>(tx, HOLD_SOURCE, ...values);
    return row?.generation ?? null;
  }

  /** What is committed now, as an argument for {@link states}. */
  async snapshot(): Promise<string> {
    const [row] = await this.database.query<{ seen: string }>(SNAPSHOT);
    return row?.seen ?? '';
  }

  /** By source: its generation, and whether it was written after the snapshot. */
  async states(
    { tenantId }: TenantScope,
    collection: string,
    sources: readonly string[],
    since: string,
  ): Promise<Map<string, SourceState>> {
    const values = [collection, tenantId, sources, since];
    const rows = await this.database.query<SourceState & { source: string }>(SOURCE_STATES, ...values);
    return new Map(rows.map((row) => [row.source, row]));
  }

  /** Those that no search will ever show: written by a transaction that is over, and not current. */
  leftovers(collection: string, points: readonly SourceWrite[]): Promise<SourceWrite[]> {
    return this.database.query<SourceWrite>(LEFTOVERS, collection, JSON.stringify(points));
  }

  /** By source, of those that have one. */
  async generations(
    { tenantId }: TenantScope,
    collection: string,
    sources: readonly string[],
  ): Promise<Map<string, string>> {
    const rows = await this.database.query<{ source: string; generation: string }>(
      GENERATIONS,
      collection,
      tenantId,
      sources,
    );
    return new Map(rows.map(({ source, generation }) => [source, generation]));
  }

  async count({ tenantId }: TenantScope, where: { collection: string; source?: string }): Promise<number> {
    const values = [where.collection, tenantId, where.source ?? null];
    const [row] = await this.database.query<{ points: number }>(COUNT_POINTS, ...values);
    return row?.points ?? 0;
  }

  /** Of all tenants. Reads every source of the collection. */
  async tally(collection: string, tx?: Tx): Promise<Tally> {
    const [row] = await (tx
      ? this.database.queryIn<Tally>(tx, TALLY, collection)
      : this.database.query<Tally>(TALLY, collection));
    return row ?? { sources: 0, points: 0, digest: '0' };
  }

  /** Whether the collection holds anything by this account. */
  async holdsAny(collection: string, tx?: Tx): Promise<boolean> {
    const [row] = await (tx
      ? this.database.queryIn<{ holds: boolean }>(tx, HOLDS_ANY, collection)
      : this.database.query<{ holds: boolean }>(HOLDS_ANY, collection));
    return row?.holds ?? false;
  }

  /** Forgets the sources of a collection that is being dropped, in small transactions. */
  async forget(collection: string): Promise<void> {
    const page = () =>
      this.database.transaction((tx) =>
        this.database.executeIn(tx, FORGET_SOURCES, collection, FORGET_BATCH),
      );
    while ((await page()) === FORGET_BATCH);
  }
}
