const MIB = 1024 ** 2;

/** What reading one picture may cost. */
export abstract class OcrLimits {
  /** For all looks at one picture together. */
  abstract readonly timeoutMs: number;
  /** Resident memory of the child that reads, a bundled engine included. */
  abstract readonly memoryBytes: number;
  /** Width by height of what is decoded. */
  abstract readonly inputPixels: number;
  /** Width by height of what is read: larger pictures are made smaller, small ones larger up to it. */
  abstract readonly workPixels: number;
  /** When a picture reads badly, no further look is taken after this. */
  abstract readonly patienceMs: number;
}

export const DEFAULT_OCR_LIMITS = {
  timeoutMs: 90_000,
  memoryBytes: 768 * MIB,
  inputPixels: 50_000_000,
  workPixels: 12_000_000,
  patienceMs: 20_000,
} satisfies OcrLimits;
