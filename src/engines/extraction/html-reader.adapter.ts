import { compile } from 'html-to-text';
import { onePage, type ReadDocument, type SniffedFile } from './document-reader.js';
import { formatCountedList, formatHeading, formatTable } from './html-formatters.adapter.js';

const HEADINGS = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'];
const WITHOUT_TEXT = [
  'title',
  'img',
  'svg',
  'canvas',
  'iframe',
  'object',
  'noscript',
  'template',
  'hr',
  'select',
  'button',
  'textarea',
];

const toText = compile({
  wordwrap: false,
  limits: { maxInputLength: Number.MAX_SAFE_INTEGER },
  formatters: { heading: formatHeading, rows: formatTable, counted: formatCountedList },
  selectors: [
    ...HEADINGS.map((selector) => ({ selector, format: 'heading' })),
    ...WITHOUT_TEXT.map((selector) => ({ selector, format: 'skip' })),
    { selector: 'a', options: { ignoreHref: true } },
    { selector: 'ul', options: { itemPrefix: '- ' } },
    { selector: 'ol', format: 'counted' },
    { selector: 'blockquote', format: 'block' },
    { selector: 'table', format: 'rows' },
  ],
});

/** A title stands in the head. */
const TITLE_WITHIN = 64 * 1_024;
const toTitle = compile({
  baseElements: { selectors: ['title'], returnDomByDefault: false },
  wordwrap: false,
});

/** The text of a page: headings with `#`s, tables as rows, without links, pictures and scripts. */
export function readHtml({ text }: SniffedFile): ReadDocument {
  return { pages: onePage(htmlToText(text)), title: toTitle(text.slice(0, TITLE_WITHIN)) };
}

export function htmlToText(html: string): string {
  return toText(html);
}
