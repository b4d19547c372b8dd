import { expect, it } from 'vitest';
import { everyKind } from '../../../test/support/made-pictures.js';
import { sniffPicture } from './sniff-picture.js';

it('knows every kind by its bytes', async () => {
  for (const [type, bytes] of Object.entries(await everyKind()))
    expect(sniffPicture(bytes.subarray(0, 512))).toBe(type);
});

it('says what to do with what cannot be read', () => {
  const refused = (bytes: string) => {
    try {
      return sniffPicture(Buffer.from(bytes, 'latin1'));
    } catch (error) {
      return String(error);
    }
  };
  expect(refused('')).toContain('image.empty');
  expect(refused('\0\0\0\x18ftypheic\0\0\0\0mif1heic')).toMatch(/unsupported.*HEIC.*JPEG/);
  expect(refused('<svg xmlns="http://www.w3.org/2000/svg">')).toMatch(/unsupported.*SVG.*PNG/);
  expect(refused('\ufeff  <?xml version="1.0"?><!-- --><svg>')).toMatch(/unsupported/);
  expect(refused('Only words')).toMatch(/unsupported.*JPEG, PNG, WebP, GIF, AVIF or TIFF/);
  expect(refused('%PDF-1.7')).toContain('image.unsupported');
  expect(refused('\xff\xd8')).toContain('image.unsupported');
});
