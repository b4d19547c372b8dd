/** Runs in a sandbox child: one file in, all that is to be known of the picture out. */
import { open, stat } from 'node:fs/promises';
import { Fault } from '../../kernel/fault.js';
import { PICTURE_SIDE, type PictureInput } from '../embeddings/image-embedder.js';
import { contentBox } from './border-trim.js';
import { dominantColours } from './dominant-colours.js';
import { readExif } from './exif.js';
import { HASH_SIDE, perceptualHash } from './perceptual-hash.js';
import {
  decode,
  meaningOfFailure,
  readHeader,
  square,
  toJpeg,
  type PictureHeader,
} from './picture-decoder.adapter.js';
import type { PictureLimits } from './picture-limits.js';
import type { FileToPicture, Picture } from './picture.js';
import type { Box, Raster } from './raster.js';
import { colourLayout, DESCRIBED_SIDE, edgeLayout } from './shape-and-colour.js';
import { HEAD_BYTES, heic, sniffPicture } from './sniff-picture.js';

export interface PictureRequest {
  file: FileToPicture;
  limits: PictureLimits;
}

/**
 * Finds out what a picture is and reads its first frame.
 * @throws Fault image.empty, image.unsupported, image.corrupt, image.too_large, image.too_many_frames
 */
export async function readPicture({ file, limits }: PictureRequest): Promise<Picture> {
  const contentType = sniffPicture(await headOf(file.path));
  try {
    const header = await readHeader(file.path);
    refuseTooMuch(header, limits);
    const { flat, thumbnail } = await decode(file.path, limits);
    const { facts, takenAt } = readExif(header.exif, file);
    return {
      contentType,
      width: header.uprightWidth,
      height: header.uprightHeight,
      frames: header.frames,
      hasAlpha: header.hasAlpha,
      sizeBytes: (await stat(file.path)).size,
      ...(takenAt === undefined ? {} : { takenAt }),
      exif: facts,
      thumbnail,
      ...(await described(flat)),
    };
  } catch (error) {
    throw meaningOfFailure(error, limits);
  }
}

async function headOf(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function refuseTooMuch({ width, height, frames, compression }: PictureHeader, limits: PictureLimits): void {
  if (compression === 'hevc') throw heic();
  if (width * height > limits.pixels) {
    const [has, most] = [width * height, limits.pixels].map((pixels) => (pixels / 1e6).toFixed(1));
    throw new Fault(
      'image.too_large',
      `The picture has ${width} x ${height} pixels (${has} million); ${most} million are allowed. Send it smaller.`,
    );
  }
  if (frames > limits.frames) {
    throw new Fault(
      'image.too_many_frames',
      `The file holds ${frames} pictures; ${limits.frames} are allowed. Send the first alone.`,
    );
  }
}

async function described(
  flat: Raster,
): Promise<Pick<Picture, 'perceptualHash' | 'colours' | 'embedderInput'>> {
  const box = contentBox(flat);
  const hashed = await square(flat, HASH_SIDE);
  const small = await square(flat, DESCRIBED_SIDE, box);
  return {
    perceptualHash: perceptualHash(hashed),
    colours: dominantColours(small),
    embedderInput: await embedderInput(flat, box, small),
  };
}

async function embedderInput(flat: Raster, box: Box, small: Raster): Promise<PictureInput> {
  return {
    pixels: (await square(flat, PICTURE_SIDE, box)).data,
    colours: colourLayout(small),
    shapes: edgeLayout(small),
    jpeg: await toJpeg(flat),
  };
}
