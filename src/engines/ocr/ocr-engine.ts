/** Pixels of the upright picture: as it is looked at, EXIF orientation and {@link OcrReading.rotation} applied. */
export interface OcrBox {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface OcrWord {
  text: string;
  /** 0 to 1, as the engine judges itself. */
  confidence: number;
  box: OcrBox;
}

export interface OcrLine extends OcrWord {
  words: OcrWord[];
}

/** What stands in a picture. */
export interface OcrReading {
  /** Lines end in `\n`, paragraphs are parted by an empty line; empty when there is nothing to read. */
  text: string;
  /** The words' confidence by their length; 0 without words. */
  confidence: number;
  /** Of the upright picture. */
  width: number;
  height: number;
  /** Degrees clockwise that the picture, after its EXIF orientation, was turned by to stand upright. */
  rotation: Rotation;
  /** In reading order. */
  lines: OcrLine[];
}

export type Rotation = 0 | 90 | 180 | 270;

/** How text is expected to lie: a page with columns and pictures, one block such as a receipt, a line, or scattered. */
export type OcrLayout = 'page' | 'block' | 'line' | 'sparse';

/** What is read unless somebody says otherwise. */
export const OCR_LANGUAGES: readonly string[] = ['eng'];

export interface OcrOptions {
  signal?: AbortSignal;
  /** ISO 639-2 codes as Tesseract has them; {@link OCR_LANGUAGES} unless told. */
  languages?: readonly string[];
  /** `page` unless told. */
  layout?: OcrLayout;
  /** Which picture of a file that holds several, from 0. */
  frame?: number;
}

/** Reads the text in pictures of paper and screens. */
export abstract class OcrEngine {
  /** Names program and version: another one may read differently. */
  abstract readonly name: string;

  /**
   * Reads one picture of a local file, upright or not, in a process that can be killed. A picture without text is no
   * failure.
   * @throws Fault `ocr.unreadable`, `ocr.too_large`, `ocr.language_unavailable`, `sandbox.timeout`,
   * `sandbox.out_of_memory` (none of them worth another try), `ocr.unavailable`, `sandbox.crashed`; the signal's reason
   */
  abstract read(path: string, options?: OcrOptions): Promise<OcrReading>;
}
