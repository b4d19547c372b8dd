import type { OcrLayout } from './ocr-engine.js';

export interface Look {
  layout: OcrLayout;
  languages: readonly string[];
  /** How ink is told from paper: one threshold for all (Otsu), or one for each neighbourhood (Sauvola). */
  threshold: 'otsu' | 'sauvola';
}

/** One look of an engine at one picture, a portable grey map. @returns Tesseract's TSV */
export type Recogniser = (picture: Buffer, look: Look) => Promise<string>;

/** Which Tesseract is at work: the one that comes with Intake, or a program of the machine. */
export type Tesseract = { kind: 'bundled' } | { kind: 'command'; program: string };

const PAGE_SEGMENTATION: Record<OcrLayout, string> = { page: '3', block: '6', line: '7', sparse: '11' };

/** Tesseract's own names for it, as both of its programs take them. */
export function variablesOf({ layout, threshold }: Look): Record<string, string> {
  return {
    tessedit_pageseg_mode: PAGE_SEGMENTATION[layout],
    thresholding_method: threshold === 'sauvola' ? '2' : '0',
    user_defined_dpi: '300',
  };
}
