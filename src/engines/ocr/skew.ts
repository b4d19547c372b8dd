/** How a picture's lines of text lie. */
export interface Lie {
  /** Degrees clockwise that make the lines level, or upright when they are {@link Lie.sideways}. */
  degrees: number;
  /** The lines run from top to bottom. */
  sideways: boolean;
}

const STEEPEST = 10;
const COARSE_STEP = 0.5;
const FINE_STEP = 0.1;
const MIDDLE = 128;
/** How much more the columns must differ than the rows before a picture counts as lying on its side. */
const CLEARLY = 1.5;

/**
 * Finds the angle under which rows of pixels differ most from their neighbours: along lines of text, full rows and empty
 * ones take turns (the projection profile method, with Postl's sum of squared differences).
 * @param pixels 8 bits of grey each; a side of some 800 will do
 */
export function lieOf(pixels: Uint8Array, width: number, height: number): Lie {
  const ink: Ink = { along: [], across: [] };
  const inkIsDark = pixels.filter((level) => level < MIDDLE).length * 2 < pixels.length;
  for (let at = 0; at < pixels.length; at += 1) {
    if (pixels[at] < MIDDLE !== inkIsDark) continue;
    ink.along.push(at % width);
    ink.across.push(Math.floor(at / width));
  }
  const level = steepest(ink, width, height);
  const sideways = steepest({ along: ink.across, across: ink.along }, height, width);
  const lying = sideways.sharpness > level.sharpness * CLEARLY;
  // Turning clockwise lowers the right end of a row, and takes the lower end of a column to the left.
  return lying ? { degrees: sideways.degrees, sideways: true } : { degrees: -level.degrees, sideways: false };
}

/** Places of dark pixels: along the lines and across them. */
interface Ink {
  along: number[];
  across: number[];
}

function steepest(ink: Ink, length: number, breadth: number): { degrees: number; sharpness: number } {
  let best = { degrees: 0, sharpness: sharpnessAt(0, ink, length, breadth) };
  const consider = (degrees: number) => {
    const sharpness = sharpnessAt(degrees, ink, length, breadth);
    if (sharpness > best.sharpness) best = { degrees, sharpness };
  };
  for (let degrees = -STEEPEST; degrees <= STEEPEST; degrees += COARSE_STEP) consider(degrees);
  const coarse = best.degrees;
  for (let off = FINE_STEP; off < COARSE_STEP; off += FINE_STEP) {
    consider(coarse - off);
    consider(coarse + off);
  }
  return best;
}

function sharpnessAt(degrees: number, { along, across }: Ink, length: number, breadth: number): number {
  const slope = Math.tan((degrees * Math.PI) / 180);
  const margin = Math.ceil(Math.abs(slope) * length) + 1;
  const profile = new Float64Array(breadth + 2 * margin);
  for (let at = 0; at < along.length; at += 1) {
    profile[Math.round(across[at] - slope * along[at]) + margin] += 1;
  }
  let sum = 0;
  for (let row = 1; row < profile.length; row += 1) sum += (profile[row] - profile[row - 1]) ** 2;
  return sum;
}
