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
  /** From 1, as a reader counts them; kinds without pages have one page, a workbook one per sheet. */
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
  /** Nothing to read: a scan, for instance. */
  | 'document.no_text'
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
}
