import { array, assert, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { percentile } from './histogram.js';

const BOUNDS = [10, 100, 1_000];

describe('percentile of a histogram', () => {
  it('is null without values', () => {
    expect(percentile(new Map(), BOUNDS, 0.95)).toBeNull();
  });

  it('lies evenly within the bucket that holds it', () => {
    expect(percentile(new Map([[0, 10]]), BOUNDS, 0.5)).toBe(5);
    expect(percentile(new Map([[1, 10]]), BOUNDS, 0.5)).toBe(55);
    expect(
      percentile(
        new Map([
          [0, 90],
          [2, 10],
        ]),
        BOUNDS,
        0.95,
      ),
    ).toBe(550);
  });

  it('is the lower bound of the open bucket, which says nothing of its values', () => {
    expect(
      percentile(
        new Map([
          [0, 1],
          [3, 99],
        ]),
        BOUNDS,
        0.95,
      ),
    ).toBe(1_000);
  });

  it('lies in the bucket of the true percentile, whatever the values', () => {
    assert(
      property(array(integer({ min: 0, max: 999 }), { minLength: 1 }), (values) => {
        const bucketOf = (value: number) => BOUNDS.findIndex((bound) => value < bound);
        const counts = new Map<number, number>();
        for (const value of values) counts.set(bucketOf(value), (counts.get(bucketOf(value)) ?? 0) + 1);
        const sorted = values.toSorted((a, b) => a - b);
        const truth = bucketOf(sorted[Math.ceil(0.95 * values.length) - 1]);
        const estimate = percentile(counts, BOUNDS, 0.95) as number;
        expect(estimate).toBeGreaterThanOrEqual(BOUNDS[truth - 1] ?? 0);
        expect(estimate).toBeLessThanOrEqual(BOUNDS[truth]);
      }),
    );
  });
});
