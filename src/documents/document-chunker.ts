import type { ExtractedPage } from '../engines/extraction/extracted-document.js';

export interface Chunk {
  /** From 0, in reading order. */
  ordinal: number;
  /** Page where the chunk starts, from 1. */
  page: number;
  /** Offsets into {@link documentText}: `text.slice(start, end)` is the chunk's text. UTF-16 units. */
  start: number;
  end: number;
  /** The nearest heading above, without its marks. */
  heading: string | null;
  text: string;
}

export interface ChunkOptions {
  /** Longest chunk, in UTF-16 units; 700 holds most sections whole, which is found better than halves of them. */
  maxLength: number;
  /** Whole sentences or rows up to this length are repeated at the start of the next chunk of a section. */
  overlap: number;
}

export const DEFAULT_CHUNKS: ChunkOptions = { maxLength: 700, overlap: 90 };

const PAGE_BREAK = '\n\n';
const HEADING = /^#{1,6}\s+/;
const TABLE_ROW = / \| /;
/** A short line that ends no sentence: a heading where the format knows none, if it stands alone or is numbered. */
const TITLE_LINE = /^(?:\d+(?:\.\d+)*\.?\s+)?\p{Lu}.{0,58}[^\s.,;:!?]$/u;
const NUMBERED = /^\d+(?:\.\d+)*\.?\s/;

interface Span {
  start: number;
  end: number;
}

interface Unit extends Span {
  isHeading: boolean;
}

/** The document's text: its pages one after the other. Chunk offsets point into it. */
export function documentText(pages: readonly ExtractedPage[]): string {
  return pages.map(({ text }) => text).join(PAGE_BREAK);
}

/**
 * Cuts a document where its structure allows: at headings first, then between paragraphs, rows and sentences. No chunk
 * crosses a page; every character that is not white space is in at least one chunk.
 */
export function chunkDocument(
  pages: readonly ExtractedPage[],
  options: ChunkOptions = DEFAULT_CHUNKS,
): Chunk[] {
  const text = documentText(pages);
  const chunks: Chunk[] = [];
  let offset = 0;
  let heading: string | null = null;
  for (const page of pages) {
    for (const section of sectionsOf(page.text, options.maxLength)) {
      const [first] = section;
      if (first?.isHeading) heading = page.text.slice(first.start, first.end).replace(HEADING, '').trim();
      for (const { start, end } of pack(section, options)) {
        const span = { start: start + offset, end: end + offset };
        chunks.push({
          ordinal: chunks.length,
          page: page.number,
          ...span,
          heading,
          text: text.slice(span.start, span.end),
        });
      }
    }
    offset += page.text.length + PAGE_BREAK.length;
  }
  return chunks;
}

/** What the embedder reads: a passage says more under the title and the heading that it stands below. */
export function embeddingText(chunk: Pick<Chunk, 'heading' | 'text'>, title?: string): string {
  const above = [title, chunk.heading].filter((line) => line && !chunk.text.includes(line));
  return [...new Set(above), chunk.text].join('\n');
}

/** Units in reading order, a new list at each heading. */
function sectionsOf(text: string, maxLength: number): Unit[][] {
  const sections: Unit[][] = [[]];
  for (const unit of unitsOf(text, maxLength)) {
    const last = sections.at(-1);
    const onlyHeadings = last?.every(({ isHeading }) => isHeading);
    if (unit.isHeading && !onlyHeadings) sections.push([unit]);
    else last?.push(unit);
  }
  return sections.filter((section) => section.length > 0);
}

/** Greedy: as many units as fit; the next chunk starts with the tail of this one as far as the overlap allows. */
function pack(units: readonly Unit[], { maxLength, overlap }: ChunkOptions): Span[] {
  const spans: Span[] = [];
  let from = 0;
  for (let at = 1; at <= units.length; at += 1) {
    const [first, next] = [units[from], units[at]];
    if (!first || (next && next.end - first.start <= maxLength)) continue;
    spans.push({ start: first.start, end: units[at - 1]?.end ?? first.end });
    from = next ? Math.max(from + 1, firstOfTail(units, at, overlap, maxLength)) : at;
  }
  return spans;
}

/** Index of the first unit to repeat, so that the repeated part and the next unit still fit together. */
function firstOfTail(units: readonly Unit[], at: number, overlap: number, maxLength: number): number {
  const end = units[at - 1]?.end ?? 0;
  const nextEnd = units[at]?.end ?? end;
  let from = at;
  while (from > 0) {
    const start = units[from - 1]?.start ?? 0;
    if (end - start > overlap || nextEnd - start > maxLength) break;
    from -= 1;
  }
  return from;
}

/** Headings and table rows stand alone, wrapped lines form a paragraph; what is too long is cut at sentences, then words. */
function unitsOf(text: string, maxLength: number): Unit[] {
  const blocks = blocksOf(text);
  return blocks.flatMap((block, at) => {
    const isHeading = headsBlock(text.slice(block.start, block.end), blocks[at + 1] !== undefined);
    const sentences = isHeading ? [block] : sentencesOf(text, block);
    return sentences
      .flatMap((span) => wordsWithin(text, span, maxLength))
      .map((span) => ({ ...span, isHeading }));
  });
}

function headsBlock(block: string, isFollowed: boolean): boolean {
  return HEADING.test(block) || (isFollowed && TITLE_LINE.test(block) && !TABLE_ROW.test(block));
}

function blocksOf(text: string): Span[] {
  const blocks: Span[] = [];
  let paragraph: Span | null = null;
  for (const { 0: line, index } of text.matchAll(/[^\n]+/g)) {
    const span = { start: index, end: index + line.length };
    const opens: boolean = paragraph === null || paragraph.end + 1 !== index;
    const alone: boolean =
      HEADING.test(line) || TABLE_ROW.test(line) || (opens && NUMBERED.test(line) && TITLE_LINE.test(line));
    const continues = !opens && !alone;
    if (line.trim() === '') paragraph = null;
    else if (continues && paragraph) paragraph.end = span.end;
    else {
      blocks.push(span);
      paragraph = alone ? null : span;
    }
  }
  return blocks;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'sentence' });

function sentencesOf(text: string, block: Span): Span[] {
  return [...segmenter.segment(text.slice(block.start, block.end))]
    .map(({ segment, index }) => trimmed(text, block.start + index, block.start + index + segment.length))
    .filter(({ start, end }) => end > start);
}

function wordsWithin(text: string, span: Span, maxLength: number): Span[] {
  const parts: Span[] = [];
  let { start } = span;
  while (span.end - start > maxLength) {
    const cut = cutBefore(text, start, start + maxLength);
    parts.push(trimmed(text, start, cut));
    start = trimmed(text, cut, span.end).start;
  }
  return [...parts, { start, end: span.end }];
}

/** The last white space before the limit, or the limit itself, but never between the halves of a surrogate pair. */
function cutBefore(text: string, start: number, limit: number): number {
  const space = text.slice(start, limit).search(/\s\S*$/);
  if (space > 0) return start + space;
  return /[\uD800-\uDBFF]/.test(text.charAt(limit - 1)) ? limit - 1 : limit;
}

function trimmed(text: string, start: number, end: number): Span {
  const part = text.slice(start, end);
  const lead = part.length - part.trimStart().length;
  return { start: start + lead, end: Math.max(start + lead, end - (part.length - part.trimEnd().length)) };
}
