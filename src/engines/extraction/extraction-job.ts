/** Runs in a sandbox child: one file in, its text out. */
import { Fault } from '../../kernel/fault.js';
import { TextBudget, type ReadDocument, type SniffedFile } from './document-reader.js';
import type { DocumentType, ExtractionWarning, FileToExtract, UnreadDocument } from './extracted-document.js';
import type { ExtractionLimits } from './extraction-limits.js';
import { MAX_WARNINGS, silenceOf } from './extraction-warnings.js';
import { normaliseText, shortText } from './plain-text.js';
import { mismatchOf } from './promised-type.js';
import { READERS } from './readers.js';
import { sniffDocument } from './sniff-document.js';

export interface ExtractionRequest {
  file: FileToExtract;
  limits: ExtractionLimits;
}

/**
 * Finds out what a file is and reads it.
 * @throws Fault document.empty, document.unsupported, document.encrypted, document.corrupt, document.too_large
 */
export async function extractDocument({ file, limits }: ExtractionRequest): Promise<UnreadDocument> {
  const { contentType, warnings, ...sniffed } = await sniffDocument(file, limits);
  const mismatch = mismatchOf(file, contentType);
  const read = await readWhole(contentType, { ...sniffed, path: file.path, limits });
  return finish(contentType, read, [...mismatch, ...warnings], limits);
}

async function readWhole(contentType: DocumentType, file: SniffedFile): Promise<ReadDocument> {
  const read = await READERS[contentType]();
  try {
    return await read(file);
  } catch (error) {
    throw meaningOf(error);
  }
}

/** A parser that stumbles has met a damaged file, unless it says what else it was. */
function meaningOf(error: unknown): Fault {
  if (Fault.is(error)) return error;
  const internal = error instanceof Error ? `${String(error)} ${error.stack}` : String(error);
  if (error instanceof RangeError && /call stack/.test(error.message)) {
    return new Fault('document.too_large', 'The document is nested too deeply.', { internal });
  }
  if (error instanceof RangeError && /string length|allocation|array length/i.test(error.message)) {
    return new Fault('document.too_large', 'The document unpacks to more than can be held.', { internal });
  }
  return new Fault('document.corrupt', 'The document is damaged and could not be read.', { internal });
}

function finish(
  contentType: DocumentType,
  { pages, title, scans = [], warnings = [], metadata = {} }: ReadDocument,
  earlier: readonly ExtractionWarning[],
  { characters }: ExtractionLimits,
): UnreadDocument {
  const budget = new TextBudget(characters);
  const clean = pages.map(({ number, text }) => ({ number, text: budget.spend(normaliseText(text)) }));
  const said = Object.entries(metadata).flatMap(([name, value]) =>
    value?.trim() ? [[name, shortText(value)]] : [],
  );
  return {
    contentType,
    title: title?.trim() ? shortText(title) : undefined,
    pages: clean,
    scans,
    warnings: [...earlier, ...(scans.length > 0 ? [] : silenceOf(clean)), ...warnings].slice(0, MAX_WARNINGS),
    metadata: Object.fromEntries(said) as Record<string, string>,
  };
}
