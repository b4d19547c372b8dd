import fc from 'fast-check';
import { expect, it } from 'vitest';
import { unstorable } from '../../kernel/storable.js';
import { normaliseText, shortText, tableRow } from './plain-text.js';

it('composes characters, ends lines with a line feed and drops what shows nothing', () => {
  expect(normaliseText('Cafe\u0301\r\nA\u00a0b\rC\u00ad\u200bD\u2028E\fF')).toBe('Café\nA b\nCD\nE\nF');
});

it('removes what Postgres and JSON cannot hold', () => {
  expect(normaliseText('a\0b\u0007c\ud800d')).toBe('abc\ufffdd');
});

it('keeps at most one empty line, and no blank ends', () => {
  expect(normaliseText('\n\n one  \n \n\t\n\ntwo \n\n')).toBe(' one\n\ntwo');
});

it('is storable and stable whatever comes in', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (raw) => {
      const once = normaliseText(raw);
      expect(unstorable(once)).toEqual([]);
      expect(normaliseText(once)).toBe(once);
    }),
  );
});

it.each([
  ['blanks', ' '.repeat(2_000_000) + 'x'],
  ['empty lines', '\n \n'.repeat(1_000_000)],
  ['stacked marks', 'a' + '\u0301\u0316'.repeat(1_000_000)],
  ['line ends', '\r'.repeat(2_000_000)],
])('takes time in proportion for millions of %s', (_name, text) => {
  const startedMs = performance.now();
  normaliseText(text);
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});

it('puts a title on one short line', () => {
  expect(shortText(` A\n title ${'x'.repeat(1_000)}`)).toMatch(/^A title x{492}$/);
});

it('puts a row on one line', () => {
  expect(tableRow(['a', ' b\n c ', ''])).toBe('a | b c | ');
});
