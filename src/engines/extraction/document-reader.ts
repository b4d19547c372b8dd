import { Fault } from '../../kernel/fault.js';
import type { ExtractedPage, ExtractionWarning } from './extracted-document.js';
import type { ExtractionLimits } from './extraction-limits.js';

/** What a reader gets: the file, and what sniffing it has brought to light already. */
export interface SniffedFile {
  path: string;
  /** Of a text kind: the decoded text. */
  text: string;
  /** Of a text kind: the bytes, for those that name their own encodings. */
  bytes: Uint8Array;
  /** Of an office document: what it says about itself. */
  metadata: Record<string, string>;
  limits: ExtractionLimits;
}

/** What a reader gives: text as it is; the job normalises it. */
export interface ReadDocument {
  pages: ExtractedPage[];
  /** Numbers of the pages that are pictures: OCR reads them. */
  scans?: number[];
  title?: string;
  warnings?: ExtractionWarning[];
  metadata?: Record<string, string | undefined>;
}

/** Reads one kind of file. What it throws, other than a Fault, means that the file is damaged. */
export type DocumentReader = (file: SniffedFile) => ReadDocument | Promise<ReadDocument>;

/** The whole file as its only page. */
export function onePage(text: string): ExtractedPage[] {
  return [{ number: 1, text }];
}

/** Counts text as it is read, so that a reader stops before it holds too much. */
export class TextBudget {
  private left: number;

  constructor(private readonly characters: number) {
    this.left = characters;
  }

  /** @throws Fault document.too_large */
  spend(text: string): string {
    this.left -= text.length;
    if (this.left < 0) {
      throw new Fault(
        'document.too_large',
        `The text of the document has more than ${this.characters} characters.`,
      );
    }
    return text;
  }
}
