import type { FormatCallback } from 'html-to-text';
import { countAs, type NumberFormat } from './list-label.js';
import { tableRow } from './plain-text.js';

type Node = Parameters<FormatCallback>[0];
type Walk = Parameters<FormatCallback>[1];
type Builder = Parameters<FormatCallback>[2];

const NUMBER_FORMATS: readonly NumberFormat[] = ['1', 'a', 'A', 'i', 'I'];
const MAX_SPAN = 100;

/** A heading as one line that starts with as many `#`s as its level. */
export const formatHeading: FormatCallback = (heading, walk, builder) => {
  const marks = '#'.repeat(Number(heading.name?.[1]));
  builder.openBlock({ leadingLineBreaks: 2 });
  walk(heading.children, builder);
  builder.closeBlock({
    trailingLineBreaks: 2,
    blockTransform: (text) =>
      text.trim()
        ? `${marks} ${text
            .trim()
            .split(/\s*\n\s*/)
            .join(' ')}`
        : '',
  });
};

/** A list that counts, without the blank that the library puts before its numbers. */
export const formatCountedList: FormatCallback = (list, walk, builder) => {
  const { start = '1', type } = list.attribs as { start?: string; type?: string };
  const format = NUMBER_FORMATS.find((known) => known === type) ?? '1';
  let count = Number(start) || 1;
  builder.openList({ leadingLineBreaks: isInItem(list) ? 1 : 2 });
  for (const item of list.children) {
    const isItem = item.name === 'li';
    if (!isItem && !item.data?.trim() && item.type === 'text') continue;
    builder.openListItem({ prefix: isItem ? `${countAs(format, count)}. ` : '' });
    walk([item], builder);
    builder.closeListItem();
    count += Number(isItem);
  }
  builder.closeList({ trailingLineBreaks: isInItem(list) ? 1 : 2 });
};

function isInItem(list: Node): boolean {
  return list.parent?.name === 'li';
}

/** A table as rows; a table around tables is layout, and its cells are blocks. */
export const formatTable: FormatCallback = (table, walk, builder) => {
  const rows = rowsOf(table);
  if (rows.some((row) => row.children.some(holdsTable))) return formatLayout(rows, walk, builder);
  builder.openTable();
  for (const row of rows) {
    builder.openTableRow();
    for (const cell of cellsOf(row)) {
      builder.openTableCell();
      walk(cell.children, builder);
      builder.closeTableCell();
      for (let covered = 1; covered < spanOf(cell); covered += 1) {
        builder.openTableCell();
        builder.closeTableCell();
      }
    }
    builder.closeTableRow();
  }
  builder.closeTable({
    tableToString: (lines) => lines.map((cells) => tableRow(cells.map(({ text }) => text))).join('\n'),
    leadingLineBreaks: 2,
    trailingLineBreaks: 2,
  });
};

function formatLayout(rows: readonly Node[], walk: Walk, builder: Builder): void {
  for (const cell of rows.flatMap(cellsOf)) {
    builder.openBlock({ leadingLineBreaks: 1 });
    walk(cell.children, builder);
    builder.closeBlock({ trailingLineBreaks: 1 });
  }
}

/** Rows stand in the table or in its head, body and foot; a caption is a row of one cell. */
function rowsOf(table: Node): Node[] {
  return table.children.flatMap((child) => {
    if (['thead', 'tbody', 'tfoot'].includes(child.name ?? '')) return rowsOf(child);
    return child.name === 'tr' || child.name === 'caption' ? [child] : [];
  });
}

function cellsOf(row: Node): Node[] {
  return row.name === 'caption' ? [row] : row.children.filter(({ name }) => name === 'td' || name === 'th');
}

/** How many columns a cell covers. */
function spanOf(cell: Node): number {
  const { colspan = '1' } = cell.attribs as { colspan?: string };
  return Math.min(Number(colspan) || 1, MAX_SPAN);
}

function holdsTable(node: Node): boolean {
  return node.name === 'table' || (node.children ?? []).some(holdsTable);
}
