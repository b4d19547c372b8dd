import type { DocumentType } from './extracted-document.js';
import { delimiterOf } from './delimited-text.js';

export type TextType = Extract<DocumentType, `text/${string}` | 'message/rfc822'>;

/** What decides a kind stands at the beginning. */
const HEAD_LENGTH = 64 * 1_024;

const HEADER_LINE = /^[\x21-\x39\x3b-\x7e]+:/;
const MAIL_HEADERS = new Set([
  'from',
  'to',
  'subject',
  'date',
  'message-id',
  'received',
  'mime-version',
  'return-path',
  'delivered-to',
]);
/** Headers that software writes and people do not: a memo in a text file has none. */
const TRANSPORT_HEADERS = ['message-id', 'received', 'mime-version', 'return-path'];

const HTML_DOCUMENT = /^<(!doctype\s+html|html|head|body)\b/i;
const HTML_FRAGMENT =
  /^<(div|p|table|h[1-6]|ul|ol|section|article|main|header|nav|meta|title|link|style|script|span|br|img|b|a)\b[^>]*>/i;

const MARKDOWN_SIGNS = [
  /^#{1,6} \S/m,
  /^(```|~~~)/m,
  /\[[^\]\n]{1,200}\]\([^)\n]{1,500}\)/,
  /^\|?[ :|-]*-{3,}[ :|-]*\|/m,
  /\*\*[^*\n]{1,200}\*\*/,
];

/**
 * Which kind of text this is. Mail and HTML show themselves; between plain text, Markdown and CSV, each of which any
 * text can be, the hint decides, and the content where there is none.
 */
export function textKindOf(text: string, hint: DocumentType | undefined): TextType {
  const head = text.slice(0, HEAD_LENGTH).trimStart();
  if (isMail(head, hint)) return 'message/rfc822';
  if (isHtml(head, hint)) return 'text/html';
  if (hint === 'text/plain' || hint === 'text/markdown') return hint;
  if (delimiterOf(head, hint === 'text/csv')) return 'text/csv';
  return MARKDOWN_SIGNS.filter((sign) => sign.test(head)).length >= 2 ? 'text/markdown' : 'text/plain';
}

function isMail(head: string, hint: DocumentType | undefined): boolean {
  const lines = head.split(/\r?\n/);
  const block = lines.slice(0, lines.indexOf('') === -1 ? undefined : lines.indexOf(''));
  if (!block.every((line) => HEADER_LINE.test(line) || /^[ \t]/.test(line) || /^>?From /.test(line)))
    return false;
  const names = new Set(block.map((line) => line.slice(0, line.indexOf(':')).toLowerCase()));
  const known = [...names].filter((name) => MAIL_HEADERS.has(name)).length;
  const written = hint === 'message/rfc822' || TRANSPORT_HEADERS.some((name) => names.has(name));
  return written && known >= 2;
}

function isHtml(head: string, hint: DocumentType | undefined): boolean {
  const start = afterPreamble(head);
  if (HTML_DOCUMENT.test(start)) return true;
  if (hint === 'text/html') return /<[a-z][a-z0-9]*[\s/>]/i.test(start);
  return hint === undefined && HTML_FRAGMENT.test(start) && /<\/[a-z][a-z0-9]*>/i.test(start);
}

/** Comments and an XML declaration may stand before the first tag. */
function afterPreamble(head: string): string {
  let rest = head;
  for (const [opening, closing] of [
    ['<?xml', '?>'],
    ['<!--', '-->'],
    ['<!--', '-->'],
  ] as const) {
    const end = rest.startsWith(opening) ? rest.indexOf(closing) : -1;
    if (end !== -1) rest = rest.slice(end + closing.length).trimStart();
  }
  return rest;
}
