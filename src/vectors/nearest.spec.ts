import { array, assert, double, nat, property } from 'fast-check';
import { expect, it } from 'vitest';
import { nearest } from './nearest.js';

const unit = array(double({ min: -1, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 }).map((numbers) =>
  Float32Array.from(numbers),
);

function rankBySorting(
  vectors: Float32Array[],
  rows: number[],
  query: Float32Array,
  limit: number,
): number[] {
  const scored = rows.map((row) => ({
    row,
    score: vectors[row].reduce((sum, value, at) => sum + value * query[at], 0),
  }));
  return scored
    .toSorted((a, b) => b.score - a.score)
    .slice(0, limit)
    .map(({ score }) => score);
}

it('ranks as sorting everything would', () => {
  assert(
    property(array(unit, { maxLength: 40 }), unit, nat(12), (vectors, query, limit) => {
      const rows = vectors.map((_, row) => row).filter((row) => row % 3 !== 0);
      const matrix = Float32Array.from(vectors.flatMap((vector) => [...vector]));
      const found = nearest({ matrix, rows: Uint32Array.from(rows), query, limit });
      const expected = rankBySorting(vectors, rows, query, limit);
      expect(found.scores).toHaveLength(expected.length);
      expected.forEach((score, at) => expect(found.scores[at]).toBeCloseTo(score, 4));
      expect(new Set(found.rows).size).toBe(expected.length);
      expect(rows).toEqual(expect.arrayContaining([...found.rows]));
    }),
  );
});

it('keeps the earlier of two equals', () => {
  const matrix = Float32Array.of(0, 1, 1, 0, 1, 0);
  expect([
    ...nearest({ matrix, rows: Uint32Array.of(0, 1, 2), query: Float32Array.of(1, 0), limit: 2 }).rows,
  ]).toEqual([1, 2]);
});
