import sharp, { type Metadata, type Sharp } from 'sharp';
import { Fault } from '../../kernel/fault.js';
import type { PictureLimits } from './picture-limits.js';
import type { Box, Raster } from './raster.js';
import { onWhite } from './raster.js';

/** The longest side of what is worked on, and of the thumbnail. */
const WORKING_SIDE = 512;
/** Twice the effort makes 6 % less bytes in twice the time, which is a quarter of all that reading a picture takes. */
const THUMBNAIL = { quality: 80, effort: 2 };
const JPEG_QUALITY = 90;

/** Kinds that libvips could read and that nobody may hand to it: drawings, documents, and what other libraries load. */
const ADMITTED = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif', 'Tiff'].map((kind) => `VipsForeignLoad${kind}`);

sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: ADMITTED });
sharp.concurrency(1);
sharp.cache(false);

export type PictureHeader = Pick<Metadata, 'width' | 'height' | 'hasAlpha' | 'compression' | 'exif'> & {
  frames: number;
  uprightWidth: number;
  uprightHeight: number;
};

/** The first frame of a picture, upright, made small. */
export interface DecodedPicture {
  readonly flat: Raster;
  readonly thumbnail: Uint8Array;
}

/** Reads a header; pixels are not looked at. */
export async function readHeader(path: string): Promise<PictureHeader> {
  const header = await open(path, Number.MAX_SAFE_INTEGER).metadata();
  const { width, height, hasAlpha, compression, exif, pages = 1, autoOrient } = header;
  const upright = { uprightWidth: autoOrient.width, uprightHeight: autoOrient.height };
  return { width, height, hasAlpha, compression, exif, frames: pages, ...upright };
}

/** Decodes the first frame to its last pixel. */
export async function decode(path: string, { pixels, timeoutMs }: PictureLimits): Promise<DecodedPicture> {
  const { data, info } = await open(path, pixels)
    .timeout({ seconds: Math.ceil(timeoutMs / 1_000) })
    .autoOrient()
    .resize(WORKING_SIDE, WORKING_SIDE, { fit: 'inside', withoutEnlargement: true })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  if (channels !== 3 && channels !== 4) throw new Error(`a picture of ${channels} channels`);
  const thumbnail = await sharp(data, { raw: { width, height, channels } }).webp(THUMBNAIL).toBuffer();
  return { flat: { width, height, data: channels === 4 ? onWhite(data) : data }, thumbnail };
}

/** A part of a picture, stretched to a square. */
export async function square(raster: Raster, side: number, box?: Box): Promise<Raster> {
  const part = box ? fromRaster(raster).extract(box) : fromRaster(raster);
  const data = await part.resize(side, side, { fit: 'fill' }).raw().toBuffer();
  return { width: side, height: side, data };
}

export async function toJpeg(raster: Raster): Promise<Uint8Array> {
  return fromRaster(raster).jpeg({ quality: JPEG_QUALITY }).toBuffer();
}

function open(path: string, limitInputPixels: number): Sharp {
  return sharp(path, { limitInputPixels, failOn: 'error', sequentialRead: true });
}

function fromRaster({ data, width, height }: Raster): Sharp {
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** What a decoder's failure means to whoever sent the file. */
export function meaningOfFailure(error: unknown, { timeoutMs }: PictureLimits): Fault {
  if (Fault.is(error)) return error;
  const internal = error instanceof Error ? error.message : String(error);
  if (/timeout/i.test(internal)) {
    const seconds = timeoutMs / 1_000;
    return new Fault(
      'image.too_large',
      `The picture takes more than ${seconds} s to read. Send it smaller.`,
      { internal },
    );
  }
  return new Fault('image.corrupt', 'The picture is damaged or cut off. Send it whole.', { internal });
}
