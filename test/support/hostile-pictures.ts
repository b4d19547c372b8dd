import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import type { FaultCode } from '../../src/kernel/fault-codes.js';
import { zip, zipEntry } from './made-files.js';
import { animation, discAndBar } from './made-pictures.js';

/** A picture that does harm, or none at all, and the ends that are right for it. */
export interface BadPicture {
  name: string;
  bytes: Buffer;
  /** Any of these ends is right; none: it is read. */
  faults: FaultCode[];
}

/** Every one of them is small. @param elsewhere what a drawing would fetch */
export async function badPictures(
  elsewhere = 'http://169.254.169.254/latest/meta-data',
): Promise<BadPicture[]> {
  const drawing = drawingOf(elsewhere);
  const jpeg = await discAndBar().jpeg().toBuffer();
  const gif = await discAndBar().gif().toBuffer();
  return [
    { name: 'empty.jpg', bytes: Buffer.alloc(0), faults: ['image.empty'] },
    { name: 'words.jpg', bytes: Buffer.from('Only words.\n'), faults: ['image.unsupported'] },
    { name: 'page.jpg', bytes: Buffer.from('%PDF-1.7\n%%EOF'), faults: ['image.unsupported'] },
    { name: 'drawing.png', bytes: Buffer.from(drawing), faults: ['image.unsupported'] },
    { name: 'drawing-in-disguise.gif', bytes: Buffer.from(`GIF89a${drawing}`), faults: ['image.corrupt'] },
    { name: 'phone.heic', bytes: heic(), faults: ['image.unsupported'] },
    { name: 'phone-as.avif', bytes: heic('avif'), faults: ['image.corrupt', 'image.unsupported'] },
    { name: 'bomb.png', bytes: pngBomb(30_000, 30_000), faults: ['image.too_large'] },
    {
      name: 'endless.png',
      bytes: pngBomb(2 ** 31 - 1, 2 ** 31 - 1),
      faults: ['image.too_large', 'image.corrupt'],
    },
    { name: 'lying.png', bytes: pngBomb(7_000, 7_000, 1_000), faults: ['image.corrupt'] },
    { name: 'wide-screen.gif', bytes: hugeScreen(gif), faults: [] },
    { name: 'frames.gif', bytes: await animation(5_000), faults: ['image.too_many_frames'] },
    { name: 'some-frames.gif', bytes: await animation(900), faults: [] },
    { name: 'one.png', bytes: await line(1, 1), faults: [] },
    { name: 'wide.png', bytes: await line(50_000, 2), faults: [] },
    { name: 'largest.png', bytes: pngBomb(7_070, 7_070), faults: [] },
    { name: 'half.jpg', bytes: jpeg.subarray(0, jpeg.length / 2), faults: ['image.corrupt'] },
    { name: 'half.gif', bytes: gif.subarray(0, gif.length / 2), faults: ['image.corrupt'] },
    {
      name: 'head-only.webp',
      bytes: Buffer.from('RIFF\x10\0\0\0WEBPVP8 ', 'latin1'),
      faults: ['image.corrupt'],
    },
    {
      name: 'noise.tiff',
      bytes: Buffer.concat([Buffer.from('II*\0'), noise(5_000)]),
      faults: ['image.corrupt'],
    },
    {
      name: 'script.gif',
      bytes: Buffer.concat([gif, Buffer.from('/*<script>alert(1)</script>*/')]),
      faults: [],
    },
    { name: 'archive.jpg', bytes: Buffer.concat([jpeg, zip([zipEntry('a', 'b')])]), faults: [] },
    { name: 'circle.tiff', bytes: circularTiff(), faults: ['image.corrupt'] },
    {
      name: 'markup.jpg',
      bytes: Buffer.from('<!doctype html><script>alert(1)</script>'),
      faults: ['image.unsupported'],
    },
    { name: 'markup-within.jpg', bytes: withComment(jpeg, '<script>alert(1)</script>'), faults: [] },
    { name: 'deep.png', bytes: await discAndBar().toColourspace('rgb16').png().toBuffer(), faults: [] },
    { name: 'print.jpg', bytes: await printed(), faults: [] },
    { name: 'see-through.png', bytes: await discAndBar().ensureAlpha(0.5).png().toBuffer(), faults: [] },
    { name: 'moving.webp', bytes: await animation(40, 'webp'), faults: [] },
    { name: 'frames.webp', bytes: await animation(1_200, 'webp'), faults: ['image.too_many_frames'] },
  ];
}

/** A comment right behind the first marker. */
function withComment(jpeg: Buffer, text: string): Buffer {
  const head = Buffer.from([0xff, 0xfe, 0, 0]);
  head.writeUInt16BE(text.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, Buffer.from(text), jpeg.subarray(2)]);
}

function printed(): Promise<Buffer> {
  return discAndBar().toColourspace('cmyk').withIccProfile('cmyk').jpeg().toBuffer();
}

/** Would fetch a file and a page if anybody drew it. */
function drawingOf(elsewhere: string): string {
  return (
    `<?xml-stylesheet href="${elsewhere}"?><svg xmlns="http://www.w3.org/2000/svg" width="100" height="100" ` +
    `xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="file:///etc/passwd"/>` +
    `<image xlink:href="${elsewhere}"/></svg>`
  );
}

function heic(brand = 'heic'): Buffer {
  return Buffer.concat([
    Buffer.from([0, 0, 0, 24]),
    Buffer.from(`ftyp${brand}\0\0\0\0mif1${brand}`, 'latin1'),
    noise(200),
  ]);
}

/** One colour, so that next to nothing unpacks to all of it; or to less than was promised. */
function pngBomb(width: number, height: number, rows = Math.min(height, 10_000)): Buffer {
  const rowBytes = Math.ceil(Math.min(width, 100_000) / 8) + 1;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([1, 0, 0, 0, 0], 8);
  const data = deflateSync(Buffer.alloc(rowBytes * rows), { level: 9 });
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** A small picture that says its screen has four thousand million pixels; browsers do not believe it either. */
function hugeScreen(gif: Buffer): Buffer {
  const copy = Buffer.from(gif);
  copy.writeUInt16LE(65_535, 6);
  copy.writeUInt16LE(65_535, 8);
  return copy;
}

/** A directory that is its own successor. */
function circularTiff(): Buffer {
  const bytes = Buffer.alloc(8 + 2 + 12 + 4);
  bytes.write('II*\0', 'latin1');
  bytes.writeUInt32LE(8, 4);
  bytes.writeUInt16LE(1, 8);
  bytes.writeUInt16LE(0x0100, 10);
  bytes.writeUInt16LE(3, 12);
  bytes.writeUInt32LE(1, 14);
  bytes.writeUInt32LE(5, 18);
  bytes.writeUInt32LE(8, 22);
  return bytes;
}

function line(width: number, height: number): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: '#0a0' } })
    .png()
    .toBuffer();
}

/** The same every time. */
function noise(length: number): Buffer {
  let state = 12_345;
  return Buffer.from(
    Array.from({ length }, () => ((state = (state * 1_103_515_245 + 12_345) % 2 ** 31) >> 16) & 255),
  );
}
