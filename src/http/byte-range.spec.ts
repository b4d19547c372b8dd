import { expect, it } from 'vitest';
import { parseRange } from './byte-range.js';

it.each([
  [undefined, null],
  ['', null],
  ['bytes=-', null],
  ['bytes=0-4', { start: 0, end: 4 }],
  ['bytes=5-', { start: 5, end: 9 }],
  ['bytes=5-99', { start: 5, end: 9 }],
  ['bytes=-3', { start: 7, end: 9 }],
  ['bytes=-99', { start: 0, end: 9 }],
  ['bytes=9-9', { start: 9, end: 9 }],
  ['bytes=10-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=4-2', null],
  ['bytes=0-1,4-5', null],
  ['lines=0-1', null],
  ['bytes=a-b', null],
])('of ten bytes %j is %j', (header, expected) => {
  expect(parseRange(header, 10)).toEqual(expected);
});

it('finds nothing in an empty file', () => {
  expect(parseRange('bytes=0-', 0)).toBe('unsatisfiable');
});
