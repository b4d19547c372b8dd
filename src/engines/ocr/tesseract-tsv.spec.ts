import { expect, it } from 'vitest';
import { confidenceOf, parseTsv, textOfLines } from './tesseract-tsv.js';

const HEADER =
  'level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext';
const word = (place: string, box: string, confidence: number, text: string) =>
  ['5', ...place.split(' '), ...box.split(' '), String(confidence), text].join('\t');
const TSV = [
  HEADER,
  '1\t1\t0\t0\t0\t0\t0\t0\t600\t800\t-1\t',
  word('1 1 1 1 1', '10 20 30 8', 96, 'Dear'),
  word('1 1 1 1 2', '45 18 20 12', 90.5, 'all,'),
  word('1 1 1 2 1', '10 40 30 8', 80, 'hello'),
  word('1 2 1 1 1', '300 40 10 8', 95, ' '),
  word('1 3 1 1 1', '10 90 60 8', 20, 'Yours'),
].join('\n');

it('makes lines of words, with boxes around them, and leaves spaces out', () => {
  const lines = parseTsv(TSV);
  expect(lines.map(({ text }) => text)).toEqual(['Dear all,', 'hello', 'Yours']);
  expect(lines[0]?.box).toEqual({ x: 10, y: 18, width: 55, height: 12 });
  expect(lines[0]?.words[1]).toEqual({
    text: 'all,',
    confidence: 0.905,
    box: { x: 45, y: 18, width: 20, height: 12 },
  });
});

it('parts paragraphs by an empty line', () => {
  expect(textOfLines(parseTsv(TSV))).toBe('Dear all,\nhello\n\nYours');
});

it('reads it without a header, too, and nothing out of nothing', () => {
  expect(parseTsv(TSV.slice(HEADER.length + 1))).toEqual(parseTsv(TSV));
  expect(parseTsv('')).toEqual([]);
  expect(parseTsv(HEADER)).toEqual([]);
});

it('weighs confidence by the length of words', () => {
  const [first, second] = [
    { text: 'a', confidence: 0 },
    { text: 'abc', confidence: 1 },
  ].map((part) => ({ ...part, box: { x: 0, y: 0, width: 1, height: 1 } }));
  expect(confidenceOf([first, second].flatMap((part) => part ?? []))).toBe(0.75);
  expect(confidenceOf([])).toBe(0);
});
