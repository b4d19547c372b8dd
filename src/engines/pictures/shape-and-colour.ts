import { luma, type Raster } from './raster.js';

/** Side of the picture that is described. */
export const DESCRIBED_SIDE = 64;

const QUARTERS_ACROSS = 2;
const HUES = 8;
const SATURATIONS = 2;
const VALUES = 3;
const GREYS = 4;
const COLOUR_BINS = HUES * SATURATIONS * VALUES + GREYS;
/** Below this a colour has no hue worth the name; up to {@link VIVID} it has one in part. */
const PALE = 0.1;
const VIVID = 0.25;

const CELL = 8;
const CELLS = DESCRIBED_SIDE / CELL;
const DIRECTIONS = 9;

/** Numbers of each description. */
export const COLOUR_LENGTH = QUARTERS_ACROSS ** 2 * COLOUR_BINS;
export const SHAPE_LENGTH = CELLS ** 2 * DIRECTIONS;

/**
 * Where which colours are in a picture of {@link DESCRIBED_SIDE} x {@link DESCRIBED_SIDE}: histograms of hue, saturation
 * and brightness in 2 x 2 quarters, their square roots, which compare well.
 * @returns {@link COLOUR_LENGTH} numbers of length 1
 */
export function colourLayout({ data }: Raster): Float32Array {
  const bins = new Float32Array(COLOUR_LENGTH);
  const half = DESCRIBED_SIDE / QUARTERS_ACROSS;
  for (let at = 0; at < DESCRIBED_SIDE ** 2; at += 1) {
    const [x, y] = [at % DESCRIBED_SIDE, Math.floor(at / DESCRIBED_SIDE)];
    const quarter = Math.floor(y / half) * QUARTERS_ACROSS + Math.floor(x / half);
    addColour(bins.subarray(quarter * COLOUR_BINS, (quarter + 1) * COLOUR_BINS), hsv(data, at * 3));
  }
  return unit(bins.map(Math.sqrt));
}

/** Each pixel counts for the bins on both sides of it, so that a small shift of colour is a small shift of bins. */
function addColour(bins: Float32Array, { hue, saturation, value }: Hsv): void {
  const hued = Math.min(1, Math.max(0, (saturation - PALE) / (VIVID - PALE)));
  for (const [grey, share] of neighbours(value * (GREYS - 1), GREYS)) {
    bins[HUES * SATURATIONS * VALUES + grey] += (1 - hued) * share;
  }
  if (hued === 0) return;
  for (const [h, hueShare] of neighbours(hue * HUES, HUES, true)) {
    for (const [s, saturationShare] of neighbours(saturation * (SATURATIONS - 1), SATURATIONS)) {
      for (const [v, valueShare] of neighbours(value * (VALUES - 1), VALUES)) {
        bins[(h * SATURATIONS + s) * VALUES + v] += hued * hueShare * saturationShare * valueShare;
      }
    }
  }
}

/**
 * Where in such a picture edges run which way: histograms of oriented gradients. Source: Dalal and Triggs, "Histograms of
 * oriented gradients for human detection", 2005.
 * @returns {@link SHAPE_LENGTH} numbers of length 1, or zeros for a picture of one colour
 */
export function edgeLayout({ data }: Raster): Float32Array {
  const grey = Float32Array.from({ length: DESCRIBED_SIDE ** 2 }, (_, at) => luma(data, at * 3));
  const bins = new Float32Array(SHAPE_LENGTH);
  for (let y = 0; y < DESCRIBED_SIDE; y += 1) {
    for (let x = 0; x < DESCRIBED_SIDE; x += 1) {
      const across = pixel(grey, x + 1, y) - pixel(grey, x - 1, y);
      const down = pixel(grey, x, y + 1) - pixel(grey, x, y - 1);
      addEdge(bins, x, y, across, down);
    }
  }
  return unit(bins.map(Math.sqrt));
}

/** An edge counts for the four cells around it and the two directions around its own. */
function addEdge(bins: Float32Array, x: number, y: number, across: number, down: number): void {
  const strength = Math.hypot(across, down);
  if (strength === 0) return;
  const turn = (Math.atan2(down, across) / Math.PI + 1) % 1;
  const directions = neighbours(turn * DIRECTIONS, DIRECTIONS, true);
  const columns = neighbours((x + 0.5) / CELL - 0.5, CELLS);
  for (const [row, rowShare] of neighbours((y + 0.5) / CELL - 0.5, CELLS)) {
    for (const [column, columnShare] of columns) {
      for (const [direction, share] of directions) {
        bins[(row * CELLS + column) * DIRECTIONS + direction] += strength * rowShare * columnShare * share;
      }
    }
  }
}

/** The two places next to a position, and how much of it belongs to each. */
function neighbours(position: number, count: number, isRound = false): [number, number][] {
  const below = Math.floor(position);
  const share = position - below;
  const place = (at: number) => (isRound ? (at + count) % count : Math.min(count - 1, Math.max(0, at)));
  return [
    [place(below), 1 - share],
    [place(below + 1), share],
  ];
}

function pixel(grey: Float32Array, x: number, y: number): number {
  const last = DESCRIBED_SIDE - 1;
  return grey[Math.min(last, Math.max(0, y)) * DESCRIBED_SIDE + Math.min(last, Math.max(0, x))];
}

export interface Hsv {
  /** A turn round the colour circle from red, 0 up to 1. */
  readonly hue: number;
  readonly saturation: number;
  readonly value: number;
}

/** Source: Smith, "Color gamut transform pairs", 1978. */
export function hsv(data: Uint8Array, at: number): Hsv {
  const [red, green, blue] = [data[at] / 255, data[at + 1] / 255, data[at + 2] / 255];
  const value = Math.max(red, green, blue);
  const range = value - Math.min(red, green, blue);
  if (range === 0) return { hue: 0, saturation: 0, value };
  let sixth = 4 + (red - green) / range;
  if (value === red) sixth = (green - blue) / range;
  else if (value === green) sixth = 2 + (blue - red) / range;
  return { hue: ((sixth + 6) % 6) / 6, saturation: range / value, value };
}

function unit(values: Float32Array): Float32Array {
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return length === 0 ? values : values.map((value) => value / length);
}
