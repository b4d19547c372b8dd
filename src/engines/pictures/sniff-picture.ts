import { Fault } from '../../kernel/fault.js';
import type { PictureType } from './picture.js';

/** Enough to tell every kind by. */
export const HEAD_BYTES = 512;

const SIGNATURES: readonly (readonly [PictureType, (head: Buffer) => boolean])[] = [
  ['image/jpeg', (head) => head.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))],
  ['image/png', (head) => begins(head, '\x89PNG\r\n\x1a\n')],
  ['image/gif', (head) => begins(head, 'GIF87a') || begins(head, 'GIF89a')],
  ['image/webp', (head) => begins(head, 'RIFF') && head.toString('latin1', 8, 12) === 'WEBP'],
  ['image/tiff', (head) => ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].some((mark) => begins(head, mark))],
  ['image/avif', (head) => brands(head).some((brand) => brand === 'avif' || brand === 'avis')],
];

const HEIC_BRANDS = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1'];

/**
 * What a file is by its first bytes, whatever it is called. Nothing else is ever shown to a decoder.
 * @throws Fault image.empty, image.unsupported
 */
export function sniffPicture(head: Buffer): PictureType {
  if (head.length === 0) throw new Fault('image.empty', 'The file is empty: send the bytes of a picture.');
  const [type] = SIGNATURES.find(([, matches]) => matches(head)) ?? [];
  if (type) return type;
  if (brands(head).some((brand) => HEIC_BRANDS.includes(brand))) throw heic();
  if (isSvg(head)) throw unsupported('SVG is drawn by a program and may load other files; send it as PNG.');
  throw unsupported('The file is not a picture of a known kind; send JPEG, PNG, WebP, GIF, AVIF or TIFF.');
}

/** @returns the fault for a picture whose decoder is not part of Intake */
export function heic(): Fault {
  return unsupported('HEIC cannot be read here: its codec is under patents. Send the picture as JPEG.');
}

function unsupported(detail: string): Fault {
  return new Fault('image.unsupported', detail);
}

function begins(head: Buffer, mark: string): boolean {
  return head.toString('latin1', 0, mark.length) === mark;
}

/** Of a file in ISO base media form: what it says that it is compatible with. */
function brands(head: Buffer): string[] {
  if (head.toString('latin1', 4, 8) !== 'ftyp') return [];
  const end = Math.min(head.readUInt32BE(0), head.length);
  const starts = Array.from({ length: Math.max(0, Math.floor((end - 16) / 4)) }, (_, at) => 16 + at * 4);
  return [8, ...starts].map((start) => head.toString('latin1', start, start + 4));
}

function isSvg(head: Buffer): boolean {
  return /<svg[\s>]|<!DOCTYPE svg/i.test(head.toString('utf8')) || /^\s*<\?xml/.test(head.toString('utf8'));
}
