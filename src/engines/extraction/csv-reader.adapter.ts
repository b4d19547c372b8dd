import { CsvError, parse } from 'csv-parse/sync';
import { delimiterOf } from './delimited-text.js';
import { onePage, TextBudget, type ReadDocument, type SniffedFile } from './document-reader.js';
import { tableRow } from './plain-text.js';

const SAMPLE_LENGTH = 64 * 1_024;

/** A table as rows; cells may differ in number, and a stray quote is text. */
export function readCsv({ text, limits }: SniffedFile): ReadDocument {
  const budget = new TextBudget(limits.characters);
  return {
    pages: onePage(
      recordsOf(text)
        .map((cells) => budget.spend(tableRow(cells)))
        .join('\n'),
    ),
  };
}

function recordsOf(text: string): string[][] {
  const options = {
    delimiter: delimiterOf(text.slice(0, SAMPLE_LENGTH), true) ?? ',',
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    bom: true,
  };
  try {
    return parse(text, options);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    // A quote that never ends would swallow the rest: then quotes mean nothing in this file.
    return parse(text, { ...options, quote: false });
  }
}
