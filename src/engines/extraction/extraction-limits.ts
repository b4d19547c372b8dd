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
}

export const DEFAULT_EXTRACTION_LIMITS = {
  timeoutMs: 120_000,
  memoryBytes: 512 * MIB,
  characters: 20_000_000,
  inflatedBytes: 300 * MIB,
  inflationRatio: 250,
  zipEntries: 10_000,
} satisfies ExtractionLimits;
