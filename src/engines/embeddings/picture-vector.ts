import { PICTURE_MEANS } from './picture-means.js';

/** What the network, and the plain look at colours and edges, say of a picture. */
export type PictureParts = Readonly<Record<PartName, Float32Array>>;
export type PartName = (typeof PARTS)[number]['name'];

/**
 * How much each part counts. Tuned on altered copies of 320 pictures of objects: the middle layer and the plain look
 * find copies, the late layer finds what shows the same.
 */
const PARTS = [
  { name: 'subject', weight: 0.5 },
  { name: 'texture', weight: 0.8 },
  { name: 'colours', weight: 0.6 },
  { name: 'shapes', weight: 0.6 },
] as const;

const MEANS = Object.fromEntries(
  PARTS.map(({ name }) => [name, floatsOf(PICTURE_MEANS[name])]),
) as unknown as PictureParts;

/** Numbers per vector. */
export const PICTURE_DIMENSION = PARTS.reduce((sum, { name }) => sum + MEANS[name].length, 0);

/**
 * One vector of length 1 out of a picture's parts: of each the direction, seen from where pictures are on average, since
 * what all pictures share says nothing about one of them.
 */
export function pictureVector(parts: PictureParts): Float32Array {
  const vector = new Float32Array(PICTURE_DIMENSION);
  let at = 0;
  for (const { name, weight } of PARTS) {
    const mean = MEANS[name];
    if (parts[name].length !== mean.length) throw new Error(`${name} has ${parts[name].length} numbers`);
    const centred = direction(parts[name]).map((value, place) => value - mean[place]);
    vector.set(
      direction(centred).map((value) => value * weight),
      at,
    );
    at += mean.length;
  }
  return direction(vector);
}

/** The means of the parts' directions, in the form in which they are kept. Only for the script that makes them. */
export function packedMeans(pictures: readonly PictureParts[]): Record<PartName, string> {
  const packed = PARTS.map(({ name }) => {
    const directions = pictures.map((parts) => direction(parts[name]));
    const mean = directions[0].map(
      (_, at) => directions.reduce((sum, each) => sum + each[at], 0) / directions.length,
    );
    return [name, Buffer.from(mean.buffer).toString('base64')];
  });
  return Object.fromEntries(packed) as Record<PartName, string>;
}

/** At length 1; zeros stay what they are. */
function direction(values: Float32Array): Float32Array {
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return length === 0 ? values : values.map((value) => value / length);
}

/** Base64 of 32-bit floats, low byte first. */
function floatsOf(packed: string): Float32Array {
  const bytes = Buffer.from(packed, 'base64');
  return Float32Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(at * 4));
}
