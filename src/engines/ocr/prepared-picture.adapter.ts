import { access } from 'node:fs/promises';
import sharp, { type Metadata, type Sharp } from 'sharp';
import { Fault } from '../../kernel/fault.js';
import { spreadContrast } from './contrast.js';
import type { OcrLimits } from './ocr-limits.js';
import { lieOf } from './skew.js';

/** 8 bits of grey each. */
export interface GreyPicture {
  pixels: Uint8Array;
  width: number;
  height: number;
}

/** A picture as an engine reads it best: grey, with full contrast, letters of a fair size and level lines. */
export interface PreparedPicture extends GreyPicture {
  /** Size before it was levelled. */
  fitted: Size;
  /** Degrees clockwise that it was turned by to be level. */
  tilt: number;
  /** Its lines run from top to bottom. */
  sideways: boolean;
}

export interface Size {
  width: number;
  height: number;
}

export interface Preparation {
  /** Size of the picture as it is looked at, before it was made smaller or larger. */
  original: Size;
  /** `null` for a picture of one shade: there is nothing to read. */
  picture: PreparedPicture | null;
}

const FORMATS = new Set<unknown>(['jpeg', 'png', 'webp', 'tiff', 'gif']);
/** A page at 200 dpi. Where the longer side has less, letters are often smaller than the 20 pixels that Tesseract wants. */
const FAIR_SIDE = 2_200;
const LARGEST_SCALE = 3;
/** Enough to see how lines lie. */
const SKETCH_SIDE = 800;
/** What Tesseract reads as well as level lines. */
const LEVEL_DEGREES = 0.3;
/** The longest side that fits the engines' 16-bit coordinates. */
const LONGEST_SIDE = 30_000;

sharp.cache(false);
sharp.concurrency(1);

/**
 * Decodes one picture of a file, upright as its EXIF orientation says, on white where it is transparent.
 * @throws Fault `ocr.too_large`, `ocr.unreadable`; an Error when the file is not there
 */
export async function preparePicture(
  path: string,
  frame: number,
  { inputPixels, workPixels }: OcrLimits,
): Promise<Preparation> {
  await access(path);
  const open = () => sharp(path, { page: frame, limitInputPixels: false, failOn: 'error' });
  const { autoOrient: original } = checked(await decoded(open().metadata()), inputPixels);
  const picture = await decoded(grey(open(), fairSize(original, workPixels)));
  return { original, picture: spreadContrast(picture.pixels) ? await levelled(picture) : null };
}

/** The same picture turned clockwise. */
export async function turned(picture: GreyPicture, degrees: number): Promise<GreyPicture> {
  return degrees === 0 ? picture : pixelsOf(fromPixels(picture).rotate(degrees, { background: 'white' }));
}

async function levelled(fitted: GreyPicture): Promise<PreparedPicture> {
  const sketch = await pixelsOf(
    fromPixels(fitted).resize({ width: SKETCH_SIDE, height: SKETCH_SIDE, fit: 'inside' }),
  );
  const { degrees, sideways } = lieOf(sketch.pixels, sketch.width, sketch.height);
  const tilt = Math.abs(degrees) < LEVEL_DEGREES ? 0 : degrees;
  return { ...(await turned(fitted, tilt)), fitted, tilt, sideways };
}

function grey(picture: Sharp, size: Size): Promise<GreyPicture> {
  const upright = picture.autoOrient().flatten({ background: 'white' });
  return pixelsOf(upright.resize({ ...size, fit: 'fill' }));
}

function fromPixels({ pixels, width, height }: GreyPicture): Sharp {
  return sharp(pixels, { raw: { width, height, channels: 1 } });
}

async function pixelsOf(picture: Sharp): Promise<GreyPicture> {
  const { data, info } = await picture
    .greyscale()
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return { pixels: data, width: info.width, height: info.height };
}

/** Portable grey map (netpbm): no time goes into packing. */
export function toPgm({ pixels, width, height }: GreyPicture): Buffer {
  return Buffer.concat([Buffer.from(`P5\n${width} ${height}\n255\n`), pixels]);
}

function checked(metadata: Metadata, inputPixels: number): Metadata {
  if (!FORMATS.has(metadata.format)) throw unreadable(`the format is ${metadata.format}`);
  if (metadata.width * metadata.height > inputPixels) {
    throw new Fault(
      'ocr.too_large',
      `The picture has ${metadata.width} x ${metadata.height} pixels; ${inputPixels / 1e6} million are allowed.`,
    );
  }
  return metadata;
}

function fairSize({ width, height }: Size, workPixels: number): Size {
  const side = Math.max(width, height);
  const wanted = Math.min(LARGEST_SCALE, Math.max(1, FAIR_SIDE / side));
  const scale = Math.min(wanted, Math.sqrt(workPixels / (width * height)), LONGEST_SIDE / side);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

async function decoded<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw unreadable(String(error));
  }
}

function unreadable(internal: string): Fault {
  return new Fault('ocr.unreadable', 'The picture is damaged or of no known kind.', { internal });
}
