import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MOST_BITS, nearHashes } from './hash-quarters.js';

it('names the quarters of a hash, each also with any one bit turned', () => {
  const quarters = nearHashes('0000ffff00010000');
  expect(quarters.map(([own]) => own)).toEqual(['0000', 'ffff', '0001', '0000']);
  for (const near of quarters) expect(new Set(near).size).toBe(17);
  expect(quarters[0]).toContain('8000');
  expect(quarters[2]).toContain('0000');
});

it('misses no hash that differs in seven bits at most', () => {
  const bits = fc.uniqueArray(fc.integer({ min: 0, max: 63 }), { maxLength: MOST_BITS });
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), bits, (hash, turned) => {
      const other = turned.reduce((value, bit) => value ^ (1n << BigInt(bit)), hash);
      const [own, its] = [hash, other].map((value) => value.toString(16).padStart(16, '0'));
      const found = nearHashes(own ?? '').some((near, at) =>
        near.includes(its?.slice(at * 4, at * 4 + 4) ?? ''),
      );
      expect(found).toBe(true);
    }),
  );
});
