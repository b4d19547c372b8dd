import { expect, it } from 'vitest';
import { delimiterOf } from './delimited-text.js';

it.each([
  [',', 'a,b,c\n1,2,3\n4,5,6\n'],
  [';', 'a;b\n1,5;2,5\n3,5;4,5\n'],
  ['\t', 'a\tb\n1\t2\n3\t4\n'],
  ['|', 'a|b\n1|2\n3|4'],
  [',', 'a,b\r\n"x,y","line\nbreak"\r\n"say ""hi""",2\r\n'],
])('finds %j', (delimiter, text) => {
  expect(delimiterOf(text, false)).toBe(delimiter);
});

it('sees no table in prose, in one column, or in fewer than three rows, unless a table is expected', () => {
  expect(delimiterOf('Well, yes.\nNo, no, no.\nSo, what?\n', false)).toBeUndefined();
  expect(delimiterOf('one\ntwo\nthree\n', true)).toBeUndefined();
  expect(delimiterOf('a,b\n1,2\n', false)).toBeUndefined();
  expect(delimiterOf('a,b\n1,2\n', true)).toBe(',');
});

it('forgives a row in five when a table is expected', () => {
  expect(delimiterOf('Report\na,b\n1,2\n3,4\n5,6\n', true)).toBe(',');
  expect(delimiterOf('Report\nof,a,day\n1,2\n', true)).toBeUndefined();
});
