import { describe, expect, it } from 'vitest';
import { VectorMatrix, type PointPage, type Selection } from './vector-matrix.js';
import type { VectorFilter } from './vector-store.js';

/** A source's points, two numbers each: `mark` and the place. */
function page(source: string, mark: number, count = 1, payload = {}): PointPage {
  const points = Array.from({ length: count }, (_, at) => ({ id: `${source}${at}`, source, payload }));
  return { points, vectors: Float32Array.from(points.flatMap((_, at) => [mark, at])) };
}

function read({ matrix, rows, points }: Selection): string[] {
  return Array.from(rows, (row) => `${points[row].id}=${matrix[2 * row]}.${matrix[2 * row + 1]}`).toSorted();
}

const contents = (matrix: VectorMatrix, filter?: VectorFilter) => read(matrix.select(filter));

describe('replace', () => {
  it('puts new points in place of the old ones and leaves other sources alone', () => {
    const matrix = new VectorMatrix(2);
    matrix.replace(
      [
        { source: 'a', version: '1' },
        { source: 'b', version: '1' },
      ],
      [page('a', 1, 2), page('b', 1)],
    );
    matrix.replace([{ source: 'a', version: '2' }], [page('a', 2)]);
    expect(contents(matrix)).toEqual(['a0=2.0', 'b0=1.0']);
    expect([matrix.versionOf('a'), matrix.versionOf('b')]).toEqual(['2', '1']);
  });

  it('forgets a source without points', () => {
    const matrix = new VectorMatrix(2);
    matrix.replace([{ source: 'a', version: '1' }], [page('a', 1)]);
    matrix.replace([{ source: 'a', version: '2' }], []);
    expect(contents(matrix)).toEqual([]);
    expect(matrix.versionOf('a')).toBeUndefined();
  });

  it('joins a source from several pages', () => {
    const matrix = new VectorMatrix(2);
    matrix.replace([{ source: 'a', version: '1' }], [page('a', 1), page('a', 2)]);
    expect(contents(matrix)).toEqual(['a0=1.0', 'a0=2.0']);
  });

  it('takes no more memory the thousandth time than a little above what is live', () => {
    const matrix = new VectorMatrix(2);
    for (let time = 1; time <= 1_000; time += 1) {
      matrix.replace([{ source: `s${time % 10}`, version: `${time}` }], [page(`s${time % 10}`, time, 4)]);
    }
    expect(contents(matrix)).toHaveLength(40);
    expect(matrix.bytes).toBeLessThanOrEqual(55 * 8);
  });

  it('leaves a search under way what it was given', () => {
    const matrix = new VectorMatrix(2);
    matrix.replace([{ source: 'a', version: '1' }], [page('a', 1, 3)]);
    const underWay = matrix.select();
    for (let time = 2; time < 50; time += 1) {
      matrix.replace([{ source: 'a', version: `${time}` }], [page('a', time, time)]);
    }
    expect(read(underWay)).toEqual(['a0=1.0', 'a1=1.1', 'a2=1.2']);
  });
});

describe('select', () => {
  const matrix = new VectorMatrix(2);
  matrix.replace(
    ['a', 'b', 'c'].map((source) => ({ source, version: '1' })),
    [
      page('a', 1, 1, { page: 1, tags: ['x'] }),
      page('b', 1, 1, { page: 2 }),
      page('c', 1, 1, { page: 1, lost: null }),
    ],
  );

  it('finds by source, each once', () => {
    expect(contents(matrix, { source: 'b' })).toEqual(['b0=1.0']);
    expect(contents(matrix, { source: ['c', 'a', 'c', 'nobody'] })).toEqual(['a0=1.0', 'c0=1.0']);
  });

  it('finds by equal fields of the payload', () => {
    expect(contents(matrix, { payload: { page: 1 } })).toEqual(['a0=1.0', 'c0=1.0']);
    expect(contents(matrix, { payload: { tags: ['x'] } })).toEqual(['a0=1.0']);
    expect(contents(matrix, { payload: { lost: null } })).toEqual(['c0=1.0']);
    expect(contents(matrix, { payload: { page: '1' } })).toEqual([]);
    expect(contents(matrix, { source: ['a', 'b'], payload: { page: 1 } })).toEqual(['a0=1.0']);
  });
});
