const MAX_SHORT_LENGTH = 500;

/** Control characters that no text means, NUL among them, which Postgres cannot hold. */
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\0-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f]/g;
const LINE_ENDS = /\r\n?|[\f\x85\u2028\u2029]/g;
const WIDE_SPACES = /[\u00a0\u2007\u202f]/g;
/** Soft hyphens, zero-width spaces, byte order marks: they split words for a search and show nothing. */
const INVISIBLE = /[\u00ad\u200b\u2060\ufeff]/g;
/** Putting a run of marks into their order costs the square of its length; no script stacks more (UAX #15, 13.1). */
const STACKED_MARKS = /(\p{M}{30})\p{M}+/gu;
const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

/**
 * Text as the rest of Intake expects it: NFC, `\n` between lines, no blank ends of lines, at most one empty line in a
 * row, nothing that Postgres or JSON cannot hold. Linear in the length of the text, whatever it is.
 */
export function normaliseText(raw: string): string {
  const text = raw
    .replace(LINE_ENDS, '\n')
    .replace(CONTROLS, '')
    .replace(WIDE_SPACES, ' ')
    .replace(INVISIBLE, '')
    .replace(LONE_SURROGATE, '\uFFFD')
    .replace(STACKED_MARKS, '$1')
    .normalize('NFC');
  const lines = text.split('\n').map((line) => line.trimEnd());
  return lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .replace(/^\n+/, '')
    .trimEnd();
}

/** One line of at most 500 characters: a title or a fact. */
export function shortText(raw: string): string {
  const words = normaliseText(raw.slice(0, 4 * MAX_SHORT_LENGTH)).split(/\s+/);
  return words.join(' ').trim().slice(0, MAX_SHORT_LENGTH).trimEnd();
}

/** The cells of a row; a cell keeps to one line. */
export function tableRow(cells: readonly string[]): string {
  return cells.map((cell) => cell.split(/\s+/).join(' ').trim()).join(' | ');
}
