import exceljs, { type Cell, type CellValue, type Row, type Worksheet } from 'exceljs';
import { TextBudget, type ReadDocument, type SniffedFile } from './document-reader.js';
import { tableRow } from './plain-text.js';

/** Only cells hold text; the rest costs time, and ranges over whole columns cost memory without end. */
const IGNORED = [
  'sheetPr',
  'dimension',
  'sheetViews',
  'sheetFormatPr',
  'cols',
  'autoFilter',
  'mergeCells',
  'rowBreaks',
  'hyperlinks',
  'pageMargins',
  'dataValidations',
  'pageSetup',
  'headerFooter',
  'printOptions',
  'picture',
  'drawing',
  'sheetProtection',
  'tableParts',
  'conditionalFormatting',
  'extLst',
];

/** One page for each sheet, hidden ones too; empty rows and columns are left out. */
export async function readXlsx({
  path,
  metadata: { title, ...metadata },
  limits,
}: SniffedFile): Promise<ReadDocument> {
  const workbook = new exceljs.Workbook();
  await workbook.xlsx.readFile(path, { ignoreNodes: IGNORED });
  const budget = new TextBudget(limits.characters);
  const pages = workbook.worksheets.map((sheet, at) => ({ number: at + 1, text: sheetText(sheet, budget) }));
  return { pages, title, metadata };
}

function sheetText(sheet: Worksheet, budget: TextBudget): string {
  const rows: Map<number, string>[] = [];
  const columns = new Set<number>();
  sheet.eachRow((row) => {
    const cells = cellsOf(row);
    for (const column of cells.keys()) columns.add(column);
    if (cells.size > 0) rows.push(cells);
  });
  const order = [...columns].toSorted((one, other) => one - other);
  const lines = rows.map((cells) => budget.spend(tableRow(order.map((column) => cells.get(column) ?? ''))));
  return [`# ${sheet.name}`, ...lines].join('\n');
}

function cellsOf(row: Row): Map<number, string> {
  const cells = new Map<number, string>();
  row.eachCell((cell, column) => {
    const text = cellText(cell);
    if (text.trim()) cells.set(column, text);
  });
  return cells;
}

/** A formula shows its last result, a date is ISO 8601, a linked text is its text. */
function cellText(cell: Cell): string {
  const value: CellValue = cell.formula ? cell.result : cell.value;
  if (value instanceof Date) return dateText(value);
  if (typeof value === 'object' && value !== null) {
    if ('richText' in value) return value.richText.map(({ text }) => text).join('');
    if ('text' in value) return value.text;
    if ('error' in value) return value.error;
    return '';
  }
  return value === undefined || value === null ? '' : String(value);
}

/** A workbook knows no time zone; a time without a date counts from the day before 1900. */
function dateText(date: Date): string {
  if (Number.isNaN(date.getTime())) return '';
  const [day = '', time = ''] = date.toISOString().slice(0, 19).split('T');
  if (date.getUTCFullYear() < 1900) return time;
  return time === '00:00:00' ? day : `${day}T${time}`;
}
