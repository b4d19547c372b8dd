import { luma, type Raster } from './raster.js';

/** Side of the small grey picture that the hash is made from. */
export const HASH_SIDE = 32;
/** The lowest frequencies that are kept, in each direction. */
const FREQUENCIES = 8;
const HEX_DIGITS = 16;

/**
 * The DCT hash of a picture of {@link HASH_SIDE} x {@link HASH_SIDE}: a bit for each of its 64 lowest frequencies but the
 * mean, set where it is clearly above their median. Resizing, recompressing and slight changes of light leave nearly all bits.
 * Source: Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010.
 * @returns 16 hex digits; all zero for a picture of one colour
 */
export function perceptualHash({ data }: Raster): string {
  const grey = Float64Array.from({ length: HASH_SIDE * HASH_SIDE }, (_, at) => luma(data, at * 3));
  const mean = grey.reduce((sum, value) => sum + value, 0) / grey.length;
  const frequencies = lowFrequencies(grey.map((value) => value - mean));
  const middle = median(frequencies);
  const margin = Math.max(ROUNDING, MARGIN * median(frequencies.map(Math.abs)));
  let bits = 0n;
  for (const value of frequencies) bits = (bits << 1n) | (value > middle + margin ? 1n : 0n);
  return bits.toString(16).padStart(HEX_DIGITS, '0');
}

/**
 * Twice what rounding pixels to whole numbers makes of a frequency: without it a picture with little in it would get
 * other bits whenever it is saved anew.
 */
const ROUNDING = 6;
/** Of the usual size of a frequency; what is nearer to the median falls on its other side too easily. */
const MARGIN = 0.1;

/** @param values an even number of them */
function median(values: Float64Array): number {
  const half = values.length / 2;
  const [low, high] = values.toSorted().subarray(half - 1, half + 1);
  return (low + high) / 2;
}

/**
 * The number of bits in which two hashes differ, 0 to 64. Up to 8 or so the pictures are probably the same.
 * @param a 16 hex digits each, as {@link perceptualHash} writes them
 */
export function hammingDistance(a: string, b: string): number {
  let rest = BigInt(`0x${a}`) ^ BigInt(`0x${b}`);
  let bits = 0;
  for (; rest > 0n; rest &= rest - 1n) bits += 1;
  return bits;
}

/** Of the discrete cosine transform (type II) only the corner that is needed, rows first. */
function lowFrequencies(grey: Float64Array): Float64Array {
  const acrossRows = transform(grey, HASH_SIDE);
  return transform(turned(acrossRows, HASH_SIDE, FREQUENCIES), FREQUENCIES);
}

/** The first {@link FREQUENCIES} of each row of 32 values. */
function transform(values: Float64Array, rows: number): Float64Array {
  const out = new Float64Array(rows * FREQUENCIES);
  for (let row = 0; row < rows; row += 1) {
    for (let frequency = 0; frequency < FREQUENCIES; frequency += 1) {
      let sum = 0;
      for (let at = 0; at < HASH_SIDE; at += 1) sum += values[row * HASH_SIDE + at] * COSINES[frequency][at];
      out[row * FREQUENCIES + frequency] = sum;
    }
  }
  return out;
}

/** Columns as rows. */
function turned(values: Float64Array, rows: number, columns: number): Float64Array {
  return Float64Array.from({ length: values.length }, (_, at) => {
    const [column, row] = [Math.floor(at / rows), at % rows];
    return values[row * columns + column];
  });
}

const COSINES = Array.from({ length: FREQUENCIES }, (_, frequency) =>
  Float64Array.from({ length: HASH_SIDE }, (__, at) =>
    Math.cos(((2 * at + 1) * frequency * Math.PI) / (2 * HASH_SIDE)),
  ),
);
