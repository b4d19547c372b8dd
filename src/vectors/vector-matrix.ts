import { isDeepStrictEqual } from 'node:util';
import type { Payload, VectorFilter } from './vector-store.js';

export interface StoredPoint {
  readonly id: string;
  readonly source: string;
  readonly payload: Payload;
}

/** Points and their unit vectors, end to end, in the same order. */
export interface PointPage {
  readonly points: readonly StoredPoint[];
  readonly vectors: Float32Array;
}

/** A source that was written, and the write that did it. */
export interface SourceVersion {
  readonly source: string;
  readonly version: string;
}

/** What a search looks at: stays valid whatever happens to the matrix afterwards. */
export interface Selection {
  readonly matrix: Float32Array;
  readonly rows: Uint32Array;
  readonly points: readonly StoredPoint[];
}

/** Room kept free at the end, so that not every new source moves all the others. */
const SPARE = 1.25;

/**
 * The vectors of one tenant's collection in shared memory, where a thread can read them without a copy. Rows are only
 * ever appended, so that a search under way reads what it was given; the room of outdated rows is won back when the
 * matrix moves to a larger one.
 */
export class VectorMatrix {
  private matrix: Float32Array;
  private points: StoredPoint[] = [];
  private readonly sources = new Map<string, { version: string; rows: number[] }>();

  constructor(private readonly dimension: number) {
    this.matrix = this.allocate(0);
  }

  get bytes(): number {
    return this.matrix.byteLength;
  }

  /** The write whose points of the source are held here; none: the source has no points here. */
  versionOf(source: string): string | undefined {
    return this.sources.get(source)?.version;
  }

  /** Puts the points of the pages in place of all that the sources had. */
  replace(sources: readonly SourceVersion[], pages: readonly PointPage[]): void {
    for (const { source } of sources) this.sources.delete(source);
    this.reserve(pages.reduce((sum, { points }) => sum + points.length, 0));
    const versions = new Map(sources.map(({ source, version }) => [source, version]));
    for (const page of pages) this.append(page, versions);
  }

  select(filter: VectorFilter = {}): Selection {
    const { matrix, points } = this;
    const rows = this.rowsOf(filter.source);
    const wanted = Object.entries(filter.payload ?? {});
    const matching = wanted.length === 0 ? rows : rows.filter((row) => matches(points[row], wanted));
    return { matrix, rows: Uint32Array.from(matching), points };
  }

  private rowsOf(source: VectorFilter['source']): number[] {
    if (source === undefined) return [...this.sources.values()].flatMap(({ rows }) => rows);
    const names = typeof source === 'string' ? [source] : [...new Set(source)];
    return names.flatMap((name) => this.sources.get(name)?.rows ?? []);
  }

  private append({ points, vectors }: PointPage, versions: ReadonlyMap<string, string>): void {
    this.matrix.set(vectors, this.points.length * this.dimension);
    for (const point of points) {
      const entry = this.sources.get(point.source) ?? { version: versions.get(point.source) ?? '', rows: [] };
      entry.rows.push(this.points.length);
      this.sources.set(point.source, entry);
      this.points.push(point);
    }
  }

  private reserve(incoming: number): void {
    if ((this.points.length + incoming) * this.dimension > this.matrix.length) this.moveToLarger(incoming);
  }

  private moveToLarger(incoming: number): void {
    const [oldMatrix, oldPoints] = [this.matrix, this.points];
    const live = this.rowsOf(undefined);
    this.matrix = this.allocate(Math.ceil((live.length + incoming) * SPARE));
    this.points = live.map((row) => oldPoints[row]);
    live.forEach((row, at) => {
      const vector = oldMatrix.subarray(row * this.dimension, (row + 1) * this.dimension);
      this.matrix.set(vector, at * this.dimension);
    });
    let at = 0;
    for (const entry of this.sources.values()) entry.rows = entry.rows.map(() => at++);
  }

  private allocate(rows: number): Float32Array {
    return new Float32Array(new SharedArrayBuffer(rows * this.dimension * Float32Array.BYTES_PER_ELEMENT));
  }
}

function matches({ payload }: StoredPoint, wanted: readonly [string, unknown][]): boolean {
  return wanted.every(([field, value]) => isDeepStrictEqual(payload[field], value));
}
