import type { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import { Batcher } from '../kernel/batcher.js';
import { VectorMatrix, type PointPage, type SourceVersion, type StoredPoint } from './vector-matrix.js';
import { CHANGED_SOURCES, ONE_SNAPSHOT, READ_PAGE } from './vectors.sql.js';

/** The vectors that one search may look at. */
export interface Shelf {
  collection: string;
  tenantId: string;
  dimension: number;
}

interface ChangedSource extends SourceVersion {
  points: number;
}

interface Changes {
  horizon: string;
  sources: ChangedSource[];
}

interface CachedShelf {
  matrix: VectorMatrix;
  /** Coalesces the refreshes of searches that arrive together; each is served by a snapshot taken after it came. */
  refreshes: Batcher<undefined, VectorMatrix>;
}

const PAGE_POINTS = 2_000;
const EVERYTHING = '0';

/**
 * Matrices of the shelves searched last, brought up to date before each use by reading the sources that changed.
 * All together they hold at most `maxBytes` of vectors, or the one in use if that alone is larger; searches under way
 * may keep a dropped one for their last milliseconds. Payloads come on top.
 */
export class VectorCache {
  /** In order of last use. */
  private readonly shelves = new Map<string, CachedShelf>();

  constructor(
    private readonly database: Database,
    private readonly maxBytes: number,
  ) {}

  /** Of the vectors held. */
  get bytes(): number {
    return [...this.shelves.values()].reduce((sum, { matrix }) => sum + matrix.bytes, 0);
  }

  /** @returns a matrix that holds everything committed before the call */
  async current(shelf: Shelf): Promise<VectorMatrix> {
    const key = JSON.stringify([shelf.collection, shelf.tenantId]);
    const cached = this.shelves.get(key) ?? this.newShelf(shelf);
    this.shelves.delete(key);
    this.shelves.set(key, cached);
    const matrix = await cached.refreshes.add(undefined);
    this.evict(key);
    return matrix;
  }

  private newShelf(shelf: Shelf): CachedShelf {
    let horizon = EVERYTHING;
    const cached: CachedShelf = {
      matrix: new VectorMatrix(shelf.dimension),
      refreshes: new Batcher(
        async (searches) => {
          horizon = await this.refresh(shelf, cached, horizon);
          return searches.map(() => ({ ok: cached.matrix }));
        },
        { maxItems: Infinity, maxInFlight: 1 },
      ),
    };
    return cached;
  }

  private evict(inUse: string): void {
    for (const key of this.shelves.keys()) {
      if (this.bytes <= this.maxBytes || key === inUse) return;
      this.shelves.delete(key);
    }
  }

  /** @returns the horizon from which the next refresh has to look */
  private async refresh(shelf: Shelf, cached: CachedShelf, since: string): Promise<string> {
    const seen = await this.changes((sql, ...values) => this.database.query(sql, ...values), shelf, since);
    if (BigInt(seen.horizon) < BigInt(since)) {
      // Transaction ids ran backwards: this is another server, restored from a dump. Nothing known counts.
      cached.matrix = new VectorMatrix(shelf.dimension);
      return this.refresh(shelf, cached, EVERYTHING);
    }
    if (unknownTo(cached.matrix, seen.sources).length === 0) return seen.horizon;
    return this.database.transaction((tx) => this.load(tx, shelf, cached.matrix, since));
  }

  private async load(tx: Tx, shelf: Shelf, matrix: VectorMatrix, since: string): Promise<string> {
    await this.database.executeIn(tx, ONE_SNAPSHOT);
    const query: Query = (sql, ...values) => this.database.queryIn(tx, sql, ...values);
    const { horizon, sources } = await this.changes(query, shelf, since);
    const changed = unknownTo(matrix, sources);
    const pages: PointPage[] = [];
    for (const group of groupsOf(changed)) {
      pages.push(...(await readPages(query, shelf, group)));
    }
    matrix.replace(changed, pages);
    return horizon;
  }

  private async changes(query: Query, shelf: Shelf, since: string): Promise<Changes> {
    const [changes] = await query<Changes>(CHANGED_SOURCES, shelf.collection, shelf.tenantId, since);
    return changes;
  }
}

type Query = <Row>(sql: string, ...values: unknown[]) => Promise<Row[]>;

/** A long transaction elsewhere holds the horizon back: what it shows again is left out. */
function unknownTo(matrix: VectorMatrix, sources: readonly ChangedSource[]): ChangedSource[] {
  return sources.filter(({ source, version, points }) => {
    const known = matrix.versionOf(source);
    return points > 0 ? known !== version : known !== undefined;
  });
}

/** Sources that fit a page together; one that fills pages goes alone. */
function groupsOf(sources: readonly ChangedSource[]): string[][] {
  const groups: string[][] = [];
  let room = 0;
  for (const { source, points } of sources) {
    if (points > room) {
      groups.push([]);
      room = PAGE_POINTS;
    }
    groups.at(-1)?.push(source);
    room -= points;
  }
  return groups;
}

async function readPages(query: Query, shelf: Shelf, sources: readonly string[]): Promise<PointPage[]> {
  const pages: PointPage[] = [];
  let last: Pick<StoredPoint, 'source' | 'id'> | undefined = { source: '', id: '' };
  while (last) {
    const after: string[] = [last.source, last.id];
    const [page] = await query<{ points: StoredPoint[]; vectors: Uint8Array }>(
      READ_PAGE,
      shelf.collection,
      shelf.tenantId,
      sources,
      ...after,
      PAGE_POINTS,
    );
    pages.push({ points: page.points, vectors: floatsOf(page.vectors) });
    last = page.points.length === PAGE_POINTS ? page.points.at(-1) : undefined;
  }
  return pages;
}

/** The driver's bytes need not start where floats may. */
function floatsOf(bytes: Uint8Array): Float32Array {
  return new Float32Array(Uint8Array.from(bytes).buffer);
}
