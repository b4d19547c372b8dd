import { expect, it } from 'vitest';
import type { PlacedText } from './pdf-lines.js';
import { pageText } from './pdf-page-text.js';

const HEIGHT = 10;
const WIDTH = 5;

/** A run at a place; its characters are all 5 points wide. */
const at = (x: number, y: number, text: string, rightToLeft = false): PlacedText => ({
  text,
  x,
  y,
  width: WIDTH * text.length,
  height: HEIGHT,
  rightToLeft,
  endsLine: false,
});
/** Runs of one line, of which the last ends it. */
const line = (...runs: PlacedText[]): PlacedText[] =>
  runs.map((run, index) => ({ ...run, endsLine: index === runs.length - 1 }));
const lines = (...each: PlacedText[][]) => pageText(each.flat());
const prose = (x: number, y: number, ...texts: string[]) =>
  texts.map((text, index) => line(at(x, y - 12 * index, text)));

it('keeps lines, and starts a paragraph where a step is larger', () => {
  expect(lines(...prose(0, 700, 'One', 'two'), ...prose(0, 660, 'Three'))).toBe('One\ntwo\n\nThree');
});

it('writes a table as rows, aligned left or right, with empty cells and cells of two lines', () => {
  expect(
    lines(
      ...prose(0, 740, 'Prices of this year, which hold until the next'),
      line(at(0, 700, 'Item'), at(100, 700, 'Price'), at(200, 700, 'Note')),
      line(at(0, 680, 'Bolt, long'), at(110, 680, '1.20')),
      line(at(0, 660, 'Nut'), at(105, 660, '10.20'), at(200, 660, 'stainless')),
      line(at(200, 648, 'steel')),
      line(at(0, 628, 'Washer'), at(200, 628, 'late')),
      ...prose(0, 600, 'Everything else is on the second page'),
    ),
  ).toBe(
    'Prices of this year, which hold until the next\n\n' +
      'Item | Price | Note\nBolt, long | 1.20 |\nNut | 10.20 | stainless steel\nWasher |  | late\n\n' +
      'Everything else is on the second page',
  );
});

const LEFT = [
  'The left column tells of bees',
  'and how they find their way',
  'home in the evening when it',
  'grows dark over the hills.',
];
const RIGHT = [
  'The right column tells of the',
  'wax that they make in summer,',
  'and of candles that are made',
  'of it in the winter months.',
];
const COLUMNS = `${LEFT.join('\n')}\n\n${RIGHT.join('\n')}`;

it('reads columns of prose one after the other, whichever way the file goes', () => {
  const rows = LEFT.map((text, index) =>
    line(at(0, 700 - 12 * index, text), at(200, 700 - 12 * index, RIGHT[index] ?? '')),
  );
  expect(lines(...rows)).toBe(COLUMNS);
  expect(lines(...prose(0, 700, ...LEFT), ...prose(200, 700, ...RIGHT))).toBe(COLUMNS);
});

it('takes one line with a wide gap for a line, and markers for lists', () => {
  expect(lines(line(at(0, 700, 'Castlebridge'), at(300, 700, '12 May')))).toBe('Castlebridge 12 May');
  expect(
    lines(line(at(0, 700, '•'), at(30, 700, 'Beans')), line(at(0, 688, '•'), at(30, 688, 'Leeks'))),
  ).toBe('- Beans\n- Leeks');
  expect(lines(line(at(0, 700, '1.'), at(30, 700, 'Dig')), line(at(0, 688, '2.'), at(30, 688, 'Rake')))).toBe(
    '1. Dig\n2. Rake',
  );
});

it('puts words together that a line end breaks, and leaves those with a hyphen of their own', () => {
  expect(
    lines(
      ...prose(
        0,
        700,
        'The infor-',
        'mation, all of it, is well-',
        'known to the Finch-',
        'Benedek family and well-known.',
      ),
    ),
  ).toBe('The information,\nall of it, is well-known\nto the Finch-\nBenedek family and well-known.');
  expect(lines(...prose(0, 700, 'soft\u00ad', 'ly', '1990-', '1995'))).toBe('softly\n1990-\n1995');
});

it('reads right-to-left lines in their order, written as they are read or as they are seen', () => {
  const [first, second] = ['שלום', 'עולם'];
  expect(lines(line(at(50, 700, first, true), at(20, 700, second, true)))).toBe('שלום עולם');
  expect(lines(line(at(20, 700, second, true), at(50, 700, first, true)))).toBe('שלום עולם');
  expect(
    lines(line(at(0, 700, second, true), at(30, 700, 'Finch'), at(60, 700, '12'), at(80, 700, first, true))),
  ).toBe('שלום Finch 12 עולם');
});

it('is empty for a page without text', () => {
  expect(pageText([])).toBe('');
  expect(lines(line(at(0, 0, ' ')))).toBe('');
});
