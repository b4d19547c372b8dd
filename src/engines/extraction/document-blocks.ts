import { tableRow } from './plain-text.js';

/** What a document with structure is made of; readers make blocks, and this file alone knows how they are written. */
export type Block =
  | { kind: 'heading'; level: number; text: string }
  | { kind: 'paragraph'; text: string }
  /** Of a list: `level` counts from 0, the marker is `-` or `3.`. */
  | { kind: 'item'; level: number; marker: string; text: string }
  | { kind: 'table'; rows: Block[][][] };

/** Paragraphs with an empty line between them, items and rows on lines of their own; what says nothing is left out. */
export function blocksToText(blocks: readonly Block[]): string {
  const indents = [0];
  let text = '';
  let previous: Block | null = null;
  for (const block of blocks) {
    const written = textOfBlock(block, indents);
    if (!written) continue;
    if (previous) text += sameList(previous, block) ? '\n' : '\n\n';
    text += written;
    previous = block;
  }
  return text;
}

/** A list of bullets and one that counts are two lists, unless one stands in the other. */
function sameList(one: Block, next: Block): boolean {
  if (one.kind !== 'item' || next.kind !== 'item') return false;
  return one.level > 0 || next.level > 0 || (one.marker === '-') === (next.marker === '-');
}

/** Texts that come again and again, such as those above and below pages: each of them once. */
export function eachOnce(texts: readonly (readonly Block[])[]): Block[] {
  return [...new Map(texts.map((blocks) => [blocksToText(blocks), blocks])).values()].flat();
}

/** Puts a note under its number. */
export function noteBlocks(mark: string, [first, ...others]: readonly Block[]): Block[] {
  if (first && first.kind !== 'table')
    return [{ kind: 'paragraph', text: `${mark} ${first.text.trim()}` }, ...others];
  return [{ kind: 'paragraph', text: mark }, ...(first ? [first] : []), ...others];
}

function textOfBlock(block: Block, indents: number[]): string {
  if (block.kind === 'table') return tableText(block.rows);
  const text = block.text.trim();
  if (!text) return '';
  if (block.kind === 'item') return itemText(block.level, block.marker, text, indents);
  return block.kind === 'heading' ? headingLine(block.level, text) : text;
}

/** A heading keeps to one line. */
export function headingLine(level: number, text: string): string {
  return `${'#'.repeat(Math.min(Math.max(level, 1), 6))} ${text.split(/\s+/).join(' ').trim()}`;
}

/** An item stands below the text of the item that it belongs to. */
function itemText(level: number, marker: string, text: string, indents: number[]): string {
  while (indents.length <= level) indents.push((indents.at(-1) ?? 0) + 2);
  const indent = indents[level] ?? 0;
  const hanging = indent + marker.length + 1;
  indents.splice(level + 1, indents.length, hanging);
  return `${' '.repeat(indent)}${marker} ${text.replaceAll('\n', `\n${' '.repeat(hanging)}`)}`;
}

/** A table as rows; a table around tables is layout, and its cells are blocks. */
function tableText(rows: readonly Block[][][]): string {
  const cells = rows.flat();
  if (cells.some((cell) => cell.some(({ kind }) => kind === 'table'))) return blocksToText(cells.flat());
  const lines = rows.map((row) => tableRow(row.map((cell) => blocksToText(cell).replaceAll(/^#+ /gm, ''))));
  return lines.filter((line) => /[^ |]/.test(line)).join('\n');
}
