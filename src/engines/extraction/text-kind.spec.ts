import { describe, expect, it } from 'vitest';
import type { DocumentType } from './extracted-document.js';
import { textKindOf } from './text-kind.js';

const MAIL = 'Received: from x\r\n by y\r\nFrom: a@example.com\r\nSubject: Hi\r\n\r\nBody';
const MEMO = 'From: Anna\nTo: Ben\nSubject: Lunch\n\nAt noon?';
const PAGE = '<?xml version="1.0"?>\n<!-- a -->\n<!DOCTYPE html>\n<html><body>x</body></html>';
const FRAGMENT = '<div class="a"><p>One</p></div>';
const TABLE = 'name;price\nbolt;1,20\nnut;0,10\n';
const MARKED = '# Title\n\nSome **bold** words and a [link](https://example.com).';
const PROSE = 'Dear all, thanks.\nIt was good, long, and late.\nBye, Anna\n';

describe('without a hint the content decides', () => {
  it.each([
    ['message/rfc822', MAIL],
    ['text/plain', MEMO],
    ['text/html', PAGE],
    ['text/html', FRAGMENT],
    ['text/csv', TABLE],
    ['text/markdown', MARKED],
    ['text/plain', PROSE],
    ['text/plain', ''],
    ['text/plain', '{"a": 1}'],
  ])('%s', (kind, text) => {
    expect(textKindOf(text, undefined)).toBe(kind);
  });
});

describe('a hint decides between kinds that any text can be', () => {
  it.each<[DocumentType, DocumentType, string]>([
    ['text/plain', 'text/plain', MARKED],
    ['text/plain', 'text/plain', TABLE],
    ['text/markdown', 'text/markdown', PROSE],
    ['text/markdown', 'text/markdown', '<h1 align="center">Readme</h1>\n\n# Title'],
    ['text/csv', 'text/csv', 'only,one,row'],
    ['message/rfc822', 'message/rfc822', MEMO],
    ['text/html', 'text/html', 'Words <b>and</b> tags'],
  ])('%s hinted: %s', (hint, kind, text) => {
    expect(textKindOf(text, hint)).toBe(kind);
  });
});

describe('but no hint makes a text what it is not', () => {
  it.each<[DocumentType, DocumentType, string]>([
    ['text/plain', 'text/html', PAGE],
    ['text/markdown', 'message/rfc822', MAIL],
    ['text/csv', 'text/plain', PROSE],
    ['text/html', 'text/plain', PROSE],
    ['message/rfc822', 'text/plain', PROSE],
    ['application/pdf', 'text/csv', TABLE],
  ])('%s hinted: %s', (hint, kind, text) => {
    expect(textKindOf(text, hint)).toBe(kind);
  });
});

it.each([
  '<!--'.repeat(100_000),
  '<a '.repeat(50_000),
  '['.repeat(100_000),
  'a:'.repeat(50_000),
  '*'.repeat(100_000),
])('decides at once about 64 kB of %#', (text) => {
  const startedMs = performance.now();
  textKindOf(text, undefined);
  expect(performance.now() - startedMs).toBeLessThan(500);
});
