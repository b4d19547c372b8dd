import { isDeepStrictEqual } from 'node:util';
import { assert, jsonValue, property, string } from 'fast-check';
import { expect, it } from 'vitest';
import type { Json } from '../kernel/json.js';
import { termsOf } from './payload-terms.js';

const termOf = (value: Json, field = 'f') => termsOf({ [field]: value })[0];
const stored = (value: unknown) => JSON.parse(JSON.stringify(value)) as Json;

it('makes equal keywords of equal values, and of no others', () => {
  assert(
    property(jsonValue(), jsonValue(), (a, b) => {
      const [one, other] = [stored(a), stored(b)];
      expect(termOf(one) === termOf(other)).toBe(isDeepStrictEqual(one, other));
    }),
  );
});

it('does not mind the order of members, but the kind of a value', () => {
  expect(termOf({ a: 1, b: { c: 2, d: 3 } })).toBe(termOf({ b: { d: 3, c: 2 }, a: 1 }));
  expect(new Set([termOf('1'), termOf(1), termOf([1]), termOf(true), termOf(null), termOf('')]).size).toBe(6);
});

it('tells fields apart, whatever their names', () => {
  assert(
    property(string(), string(), (a, b) => {
      expect(termOf(1, a) === termOf(1, b)).toBe(a === b);
    }),
  );
  expect(termOf('c', 'a="b')).not.toBe(termOf('b"="c', 'a'));
});

it('keeps keywords short', () => {
  expect(termOf('x'.repeat(5_000)).length).toBeLessThanOrEqual(120);
  expect(termOf('x'.repeat(5_000))).not.toBe(termOf('x'.repeat(5_001)));
  expect(termOf('7', 'user_id')).toBe('user_id="7"');
});
