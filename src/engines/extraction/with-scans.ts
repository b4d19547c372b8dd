import { Fault } from '../../kernel/fault.js';
import type { OcrReading } from '../ocr/ocr-engine.js';
import type { ExtractedDocument, ExtractedPage, ExtractionWarning } from './extracted-document.js';
import { MAX_WARNINGS, silenceOf } from './extraction-warnings.js';
import { normaliseText } from './plain-text.js';

/** What became of a scanned page: one of the three. */
export interface ScanOutcome {
  number: number;
  reading?: OcrReading;
  fault?: Fault;
  /** Why nobody tried: it is beyond the number of pages that are read, or the time was up. */
  leftOut?: 'limit' | 'time';
}

/** Below this a page's text is likely to be wrong in many places. */
const UNCERTAIN = 0.6;

/**
 * A document with what OCR read in its scanned pages.
 * @param outcomes one for each of its scanned pages
 * @param reader who read them
 * @throws Fault of the first page when every one that was tried failed and there is no text at all
 */
export function withScans(
  document: ExtractedDocument,
  outcomes: readonly ScanOutcome[],
  reader: string,
): ExtractedDocument {
  const ordered = outcomes.toSorted((one, other) => one.number - other.number);
  const tried = ordered.filter(({ leftOut }) => !leftOut);
  const pages = document.pages.map((page) => withReading(page, tried));
  const [first] = tried;
  const silence = silenceOf(pages);
  if (silence.length > 0 && first?.fault && tried.every(({ fault }) => fault)) throw ofDocument(first.fault);
  const warnings = [...document.warnings, ...leftOutOf(ordered), ...silence, ...tried.flatMap(warningsOf)];
  const isPartial = outcomes.some(({ leftOut, fault }) => leftOut === 'time' || fault?.retryable);
  return { ...document, pages, warnings: warnings.slice(0, MAX_WARNINGS), ocr: { reader, isPartial } };
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

/** One warning for each reason. */
function leftOutOf(outcomes: readonly ScanOutcome[]): ExtractionWarning[] {
  const tried = outcomes.filter(({ leftOut }) => !leftOut).length;
  const warn = (reason: ScanOutcome['leftOut'], why: string): ExtractionWarning[] => {
    const pages = outcomes.filter(({ leftOut }) => leftOut === reason).map(({ number }) => number);
    if (pages.length === 0) return [];
    const detail = `OCR read ${tried} of ${outcomes.length} scanned pages, ${why}; not read: ${inRanges(pages)}.`;
    return [{ code: 'document.ocr_incomplete', detail }];
  };
  return [
    ...warn('time', 'then its time was up; send the document again to have all tried, or split it'),
    ...warn('limit', 'which is as far as it goes in one document; split it to have all read'),
  ];
}

/** As people write them: 3, 7-12. @param numbers ascending */
function inRanges(numbers: readonly number[]): string {
  const starts = numbers.filter((number, at) => numbers[at - 1] !== number - 1);
  const ends = numbers.filter((number, at) => numbers[at + 1] !== number + 1);
  return starts.map((start, at) => (start === ends[at] ? `${start}` : `${start}-${ends[at]}`)).join(', ');
}

/** The picture is the document, and its fault the document's. */
function ofDocument(fault: Fault): Fault {
  const code = fault.code === 'ocr.unreadable' ? 'document.corrupt' : fault.code;
  return new Fault(code === 'ocr.too_large' ? 'document.too_large' : code, fault.detail, fault.options);
}
