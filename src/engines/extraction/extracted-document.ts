/** The kinds of files that can be read, by the media type that their bytes prove. */
export const DOCUMENT_TYPES = [
  'text/plain',
  'text/markdown',
  'text/html',
  'text/csv',
  'message/rfc822',
  'application/pdf',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  'image/png',
  'image/jpeg',
  'image/tiff',
  'image/webp',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  'application/vnd.oasis.opendocument.text',
  'application/rtf',
] as const;

export type DocumentType = (typeof DOCUMENT_TYPES)[number];

export interface FileToExtract {
  /** Absolute, on this machine. */
  path: string;
  /** As its owner calls it: a hint only. */
  fileName: string;
  declaredType?: string;
}

export interface ExtractedPage {
  /** From 1, as a reader counts them; kinds without pages have one page, a workbook one per sheet, a presentation one per slide. */
  number: number;
  /**
   * Plain text, NFC, without NUL, lines ended by `\n`. Headings are lines that start with `#`s, rows of a table have
   * ` | ` between their cells. Empty for a page without text.
   */
  text: string;
}

export type ExtractionWarningCode =
  /** The name or the declared type promised another kind than the bytes are. */
  | 'document.type_mismatch'
  /** A page could not be read; the others are there. */
  | 'document.page_failed'
  /** Nothing to read: a blank page, for instance. */
  | 'document.no_text'
  /** A scanned page was read, but badly: its text may be wrong in many places. */
  | 'document.ocr_uncertain'
  /** There are more scanned pages than are read of one document, or than there was time for. */
  | 'document.ocr_incomplete'
  /** The bytes are not in the encoding that they claim or that Intake guessed; some characters may be wrong. */
  | 'document.encoding'
  /** A mail's attachment was not read. */
  | 'document.attachment_skipped';

export interface ExtractionWarning {
  code: ExtractionWarningCode;
  /** For people: what is missing or doubtful. */
  detail: string;
  page?: number;
}

/** What is inside a document, whatever kind of file it came as. */
export interface ExtractedDocument {
  contentType: DocumentType;
  title?: string;
  pages: ExtractedPage[];
  warnings: ExtractionWarning[];
  /** What the file says about itself: author, dates, subject; only short texts. */
  metadata: Record<string, string>;
  /** How its scanned pages were read; absent where it has none. */
  ocr?: OcrTrace;
}

export interface OcrTrace {
  /** Names the engine, its version and its languages: another one may read differently. */
  reader: string;
  /** Time was up, or what failed may pass: another try may read more. */
  isPartial: boolean;
}

/** A document as its file's reader leaves it: pictures are still to be read by OCR. */
export interface UnreadDocument extends ExtractedDocument {
  /** Numbers of the pages that are pictures; what text they have already is what they keep if OCR fails. */
  scans: number[];
}
