import { tableRow } from './plain-text.js';
import { linesOf, type Line, type Piece, type PlacedText } from './pdf-lines.js';

/** A step to the next line that is larger than this many line heights starts a paragraph. */
const PARAGRAPH_STEP = 1.7;
/** Rows of a table may stand further apart than lines of text. */
const ROW_STEP = 4;
/** The next line of the same cell stands no further below. */
const CELL_STEP = 1.3;
/** What has so many columns is no table. */
const MAX_COLUMNS = 40;
/** Columns of prose: so many words to a line, and lines that fill so much of their column. */
const PROSE = { words: 3.5, fill: 0.7, lines: 4 };
const MARKER = /^([•◦▪■●○‣·–*-]|\(?(\d{1,3}|[a-z]|[ivx]{1,5})[.)])$/;
const BULLET = /^[•◦▪■●○‣·]\s*/;
const BROKEN_WORD = /(\p{L}+)[-\u00ad\u2010]$/u;
const REST_OF_WORD = /^(\p{Ll}[\p{L}\p{M}]*)(\S*) */u;

/** The columns of a table or of a page, from left to right. */
type Columns = { left: number; right: number }[];

/**
 * The text of a page: lines as its layout has them; a larger step down, or one up to the next column, starts a paragraph.
 * Lines that stand side by side are rows of a table, or, when they are prose, columns, which are read one after the other.
 */
export function pageText(runs: readonly PlacedText[]): string {
  const lines = linesOf(runs);
  const parts: string[] = [];
  let prose: Line[] = [];
  for (let at = 0; at < lines.length;) {
    const grid = gridAt(lines, at);
    if (!grid) {
      prose.push(...lines.slice(at, at + 1));
      at += 1;
      continue;
    }
    parts.push(proseText(prose), gridText(grid));
    prose = [];
    at += grid.lines.length;
  }
  return [...parts, proseText(prose)].filter(Boolean).join('\n\n');
}

/** Lines side by side from here on: two of them at least, with a gap through all. */
function gridAt(lines: readonly Line[], start: number): { lines: Line[]; columns: Columns } | null {
  const grid: Line[] = [];
  let columns: Columns = [];
  for (let at = start; at < lines.length; at += 1) {
    const line = lines[at];
    const above = grid.at(-1);
    if (!line || line.pieces.length > MAX_COLUMNS || isListItem(line)) break;
    if (above && !isBelow(above, line)) break;
    const single = line.pieces.length === 1;
    if (!above && single) break;
    const merged = merge(columns, line.pieces);
    // A cell may span columns, which leaves fewer; a line of text across them ends the table.
    if (merged.length < (single ? columns.length : 2)) break;
    columns = merged;
    grid.push(line);
  }
  while (standsAlone(grid.at(-1), columns)) grid.pop();
  return grid.length >= 2 ? { lines: grid, columns } : null;
}

/** Text below a table, as narrow as its first column. */
function standsAlone(line: Line | undefined, [first]: Columns): boolean {
  const [piece] = line?.pieces.length === 1 ? line.pieces : [];
  return piece !== undefined && first !== undefined && piece.left <= first.right;
}

/** A marker and its text are far apart, and no columns. */
function isListItem({ pieces }: Line): boolean {
  return pieces.length === 2 && MARKER.test(pieces[0]?.text.trim() ?? '');
}

function isBelow(above: Line, line: Line): boolean {
  const step = above.y - line.y;
  return step > 0 && step < ROW_STEP * Math.max(above.height, line.height);
}

function merge(columns: Columns, pieces: readonly Piece[]): Columns {
  const merged: Columns = [];
  for (const { left, right } of [...columns, ...pieces].toSorted((one, other) => one.left - other.left)) {
    const last = merged.at(-1);
    if (last && left <= last.right) last.right = Math.max(last.right, right);
    else merged.push({ left, right });
  }
  return merged;
}

function gridText({ lines, columns }: { lines: Line[]; columns: Columns }): string {
  const rightToLeft = lines.filter((line) => line.rightToLeft).length * 2 > lines.length;
  const ordered = rightToLeft ? columns.toReversed() : columns;
  const cells = lines.map((line) => ordered.map((column) => pieceIn(line, column)));
  if (isProse(cells, ordered))
    return ordered.map((_, at) => proseText(columnLines(lines, cells, at))).join('\n\n');
  return rowsText(lines, cells);
}

function pieceIn({ pieces }: Line, { left, right }: Columns[number]): Piece | undefined {
  const inside = pieces.filter((piece) => piece.left >= left && piece.right <= right);
  const [first] = inside;
  return first && { ...first, text: inside.map(({ text }) => text).join(' ') };
}

function isProse(cells: readonly (readonly (Piece | undefined)[])[], columns: Columns): boolean {
  return columns.every(({ left, right }, at) => {
    const pieces = cells.flatMap((row) => row[at] ?? []);
    const words = pieces.reduce((sum, { text }) => sum + text.trim().split(/\s+/).length, 0);
    const filled = pieces.reduce((sum, piece) => sum + piece.right - piece.left, 0);
    return (
      pieces.length >= PROSE.lines &&
      words >= PROSE.words * pieces.length &&
      filled >= PROSE.fill * (right - left) * pieces.length
    );
  });
}

function columnLines(
  lines: readonly Line[],
  cells: readonly (Piece | undefined)[][],
  column: number,
): Line[] {
  return lines.flatMap((line, at) => {
    const piece = cells[at]?.[column];
    return piece ? [{ ...line, pieces: [piece] }] : [];
  });
}

/** A line without a first cell, close below a row, goes on with its cells. */
function rowsText(lines: readonly Line[], cells: readonly (Piece | undefined)[][]): string {
  const rows: string[][] = [];
  for (const [at, line] of lines.entries()) {
    const texts = (cells[at] ?? []).map((piece) => piece?.text ?? '');
    const [row, above] = [rows.at(-1), lines[at - 1]];
    const near = above && above.y - line.y <= CELL_STEP * line.height;
    if (row && near && !texts[0]) texts.forEach((text, cell) => (row[cell] = `${row[cell]} ${text}`));
    else rows.push(texts);
  }
  return rows.map((row) => tableRow(row).trimEnd()).join('\n');
}

function proseText(lines: readonly Line[]): string {
  const texts = lines.map(({ pieces }) =>
    pieces
      .map(({ text }) => text.trim())
      .join(' ')
      .replace(BULLET, '- '),
  );
  const out: string[] = [];
  for (const [at, line] of lines.entries()) {
    const above = lines[at - 1];
    if (above && startsParagraph(above, line)) out.push('');
    out.push(texts[at] ?? '');
  }
  return joinBrokenWords(out).join('\n');
}

function startsParagraph(above: Line, line: Line): boolean {
  const step = above.y - line.y;
  return step < 0 || step > PARAGRAPH_STEP * Math.max(above.height, line.height);
}

/** A word that a line end breaks is put together again, on the line where it begins. */
function joinBrokenWords(lines: readonly string[]): string[] {
  const whole = lines.join('\n');
  const out = [...lines];
  for (const [at, next] of out.entries()) {
    const head = BROKEN_WORD.exec(out[at - 1] ?? '');
    const rest = head && REST_OF_WORD.exec(next);
    if (!head || !rest) continue;
    const [{ length }, tail = '', sign = ''] = rest;
    // Written with its hyphen elsewhere, it is a word of two words.
    const compound = `${head[1]}-${tail}`;
    const stem = (out[at - 1] ?? '').slice(0, -1);
    out[at - 1] = `${stem}${whole.includes(compound) ? '-' : ''}${tail}${sign}`;
    out[at] = next.slice(length);
  }
  return out.filter((line, at) => line || !lines[at]);
}
