const MIB = 1024 ** 2;

/** What reading one file may cost. */
export abstract class ExtractionLimits {
  abstract readonly timeoutMs: number;
  /** Resident memory of the child that reads, its parsers included. */
  abstract readonly memoryBytes: number;
  /** Text of all pages together, in UTF-16 units. */
  abstract readonly characters: number;
  /** What the entries of a zip container may inflate to, together. */
  abstract readonly inflatedBytes: number;
  /** Inflated bytes for each byte in the file; small containers may have any ratio. */
  abstract readonly inflationRatio: number;
  abstract readonly zipEntries: number;
  /** Width by height of a picture that comes as a document. */
  abstract readonly picturePixels: number;
  /** Pages of one document that OCR reads. */
  abstract readonly scannedPages: number;
  /** No page of a document is begun by OCR after so long: what was read by then is kept. */
  abstract readonly scansMs: number;
}

export const DEFAULT_EXTRACTION_LIMITS = {
  timeoutMs: 120_000,
  memoryBytes: 512 * MIB,
  characters: 20_000_000,
  inflatedBytes: 300 * MIB,
  inflationRatio: 250,
  zipEntries: 10_000,
  picturePixels: 50_000_000,
  scannedPages: 200,
  scansMs: 180_000,
} satisfies ExtractionLimits;
