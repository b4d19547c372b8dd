import { expect, it } from 'vitest';
import { Fault } from '../../kernel/fault.js';
import type { OcrReading } from '../ocr/ocr-engine.js';
import type { ExtractedDocument } from './extracted-document.js';
import { withScans } from './with-scans.js';

const READER = 'engine 1 (eng)';
const documentOf = (...texts: string[]): ExtractedDocument => ({
  contentType: 'application/pdf',
  pages: texts.map((text, at) => ({ number: at + 1, text })),
  warnings: [],
  metadata: {},
});
const read = (number: number, text: string, confidence = 0.9) => ({
  number,
  reading: { text, confidence, width: 1, height: 1, rotation: 0, lines: [] } satisfies OcrReading,
});
const failed = (number: number, code: 'ocr.unreadable' | 'ocr.too_large' | 'sandbox.timeout') => ({
  number,
  fault: new Fault(code, 'It broke.'),
});
const textsOf = ({ pages }: ExtractedDocument) => pages.map(({ text }) => text);
const codesOf = ({ warnings }: ExtractedDocument) => warnings.map(({ code, page }) => [code, page]);

it('puts each reading on its page, whatever was done first, and leaves the others', () => {
  const document = withScans(
    documentOf('Typed', '', 'stamp'),
    [read(3, 'Third\r\n'), read(2, 'Second')],
    READER,
  );
  expect(textsOf(document)).toEqual(['Typed', 'Second', 'Third']);
  expect(document.warnings).toEqual([]);
});

it('keeps what a page had when it shows nothing or fails, and warns of the failure', () => {
  const document = withScans(
    documentOf('stamp', 'seal', ''),
    [read(1, '', 0), failed(2, 'sandbox.timeout'), read(3, 'Text')],
    READER,
  );
  expect(textsOf(document)).toEqual(['stamp', 'seal', 'Text']);
  expect(codesOf(document)).toEqual([['document.page_failed', 2]]);
});

it('tells how sure a doubtful page is', () => {
  const { warnings } = withScans(
    documentOf('', ''),
    [read(1, 'l3tt3r', 0.43), read(2, 'letter', 0.6)],
    READER,
  );
  expect(warnings).toEqual([
    { code: 'document.ocr_uncertain', detail: expect.stringContaining('43 %'), page: 1 },
  ]);
});

it('says that pages were left out, and that nothing was found', () => {
  const left = [2, 3].map((number) => ({ number, leftOut: 'limit' }) as const);
  const document = withScans(documentOf('', '', ''), [...left, read(1, '', 0)], READER);
  expect(codesOf(document)).toEqual([
    ['document.ocr_incomplete', undefined],
    ['document.no_text', undefined],
  ]);
  expect(document.warnings[0]?.detail).toContain('1 of 3');
  expect(document.warnings[0]?.detail).toContain('not read: 2-3.');
  expect(document.ocr).toEqual({ reader: READER, isPartial: false });
});

it('names the pages that time did not suffice for, apart from those that are too many', () => {
  const late = [7, 2, 3, 4, 6].map((number) => ({ number, leftOut: 'time' }) as const);
  const document = withScans(
    documentOf('', '', 'Typed'),
    [...late, { number: 9, leftOut: 'limit' }, read(1, 'Text')],
    READER,
  );
  expect(document.warnings.map(({ detail }) => detail)).toEqual([
    expect.stringMatching(/1 of 7 .*time was up.*not read: 2-4, 6-7\.$/),
    expect.stringMatching(/1 of 7 .*not read: 9\.$/),
  ]);
});

it.each([
  ['what was left out for want of time', { number: 2, leftOut: 'time' }, true],
  ['what may pass', { number: 2, fault: new Fault('ocr.unavailable', 'Away.') }, true],
  ['what would fail again', failed(2, 'sandbox.timeout'), false],
  ['what would be left out again', { number: 2, leftOut: 'limit' }, false],
] as const)('says whether another try may read more: %s', (_, outcome, isPartial) => {
  const { ocr } = withScans(documentOf('', ''), [read(1, 'Text'), outcome], READER);
  expect(ocr).toEqual({ reader: READER, isPartial });
});

it.each([
  ['ocr.unreadable', 'document.corrupt'],
  ['ocr.too_large', 'document.too_large'],
  ['sandbox.timeout', 'sandbox.timeout'],
] as const)('fails with %s as %s when every page fails and there is no text', (code, meant) => {
  const all = [failed(2, 'sandbox.timeout'), failed(1, code)];
  expect(() => withScans(documentOf('', ''), all, READER)).toThrow(expect.objectContaining({ code: meant }));
  expect(codesOf(withScans(documentOf('', '', 'Typed'), all, READER))).toHaveLength(2);
});
