const QUARTERS = [0, 4, 8, 12];
const QUARTER_DIGITS = 4;
const QUARTER_BITS = 16;

/** Two hashes that differ in so many bits agree in a quarter but for one bit: with more, each quarter may differ in two. */
export const MOST_BITS = 7;

/**
 * What the quarters of a hash may look like in hashes that are near to it: as they are, or with one bit turned.
 * @param hash 16 hex digits
 * @returns for each quarter 17 texts of 4 hex digits
 */
export function nearHashes(hash: string): string[][] {
  return QUARTERS.map((start) => {
    const quarter = Number.parseInt(hash.slice(start, start + QUARTER_DIGITS), 16);
    const turned = Array.from({ length: QUARTER_BITS }, (_, bit) => quarter ^ (1 << bit));
    return [quarter, ...turned].map((value) => value.toString(16).padStart(QUARTER_DIGITS, '0'));
  });
}
