import sharp from 'sharp';
import { Fault } from '../../kernel/fault.js';
import type { ReadDocument, SniffedFile } from './document-reader.js';

/** A picture is a page that OCR reads; a TIFF has one for each of its pictures. Nothing is decoded here. */
export async function readPictureFile({ path, limits }: SniffedFile): Promise<ReadDocument> {
  const { width, height, format, pages = 1 } = await sharp(path, { limitInputPixels: false }).metadata();
  if (width * height > limits.picturePixels) {
    throw new Fault(
      'document.too_large',
      `The picture has ${width} x ${height} pixels; ${limits.picturePixels / 1e6} million are allowed.`,
    );
  }
  const numbers = Array.from({ length: format === 'tiff' ? pages : 1 }, (_, at) => at + 1);
  return { pages: numbers.map((number) => ({ number, text: '' })), scans: numbers };
}
