import { Fault } from '../../kernel/fault.js';
import type { OcrReading } from '../ocr/ocr-engine.js';
import type { ExtractedDocument, ExtractedPage, ExtractionWarning } from './extracted-document.js';
import { MAX_WARNINGS, silenceOf } from './extraction-warnings.js';
import { normaliseText } from './plain-text.js';

/** What became of a scanned page. */
export interface ScanOutcome {
  number: number;
  reading?: OcrReading;
  fault?: Fault;
}

/** Below this a page's text is likely to be wrong in many places. */
const UNCERTAIN = 0.6;

/**
 * A document with what OCR read in its scanned pages.
 * @param scans how many scanned pages it has, unread ones too
 * @throws Fault of the first page when every one failed and there is no text at all
 */
export function withScans(
  document: ExtractedDocument,
  outcomes: readonly ScanOutcome[],
  scans: number,
): ExtractedDocument {
  const ordered = outcomes.toSorted((one, other) => one.number - other.number);
  const pages = document.pages.map((page) => withReading(page, ordered));
  const [first] = ordered;
  const silence = silenceOf(pages);
  if (silence.length > 0 && first?.fault && ordered.every(({ fault }) => fault))
    throw ofDocument(first.fault);
  const missing = outcomes.length < scans ? [incomplete(outcomes.length, scans)] : [];
  const warnings = [...document.warnings, ...missing, ...silence, ...ordered.flatMap(warningsOf)];
  return { ...document, pages, warnings: warnings.slice(0, MAX_WARNINGS) };
}

function withReading(page: ExtractedPage, outcomes: readonly ScanOutcome[]): ExtractedPage {
  const reading = outcomes.find(({ number }) => number === page.number)?.reading;
  return reading?.text ? { number: page.number, text: normaliseText(reading.text) } : page;
}

function warningsOf({ number: page, reading, fault }: ScanOutcome): ExtractionWarning[] {
  if (fault) {
    return [
      { code: 'document.page_failed', detail: `Page ${page} could not be read: ${fault.detail}`, page },
    ];
  }
  if (!reading?.text || reading.confidence >= UNCERTAIN) return [];
  const confidence = Math.round(reading.confidence * 100);
  return [
    {
      code: 'document.ocr_uncertain',
      detail: `Page ${page} is a picture that was read with a confidence of only ${confidence} %.`,
      page,
    },
  ];
}

function incomplete(read: number, scans: number): ExtractionWarning {
  return {
    code: 'document.ocr_incomplete',
    detail: `OCR read ${read} of ${scans} scanned pages, which is as far as it goes in one document; split it to have all read.`,
  };
}

/** The picture is the document, and its fault the document's. */
function ofDocument(fault: Fault): Fault {
  const code = fault.code === 'ocr.unreadable' ? 'document.corrupt' : fault.code;
  return new Fault(code === 'ocr.too_large' ? 'document.too_large' : code, fault.detail, fault.options);
}
