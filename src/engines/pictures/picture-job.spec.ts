import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { animation, discAndBar, everyKind } from '../../../test/support/made-pictures.js';
import { hammingDistance } from './perceptual-hash.js';
import { readPicture } from './picture-job.js';
import { DEFAULT_PICTURE_LIMITS, type PictureLimits } from './picture-limits.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pictures-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Asked {
  keepLocation?: boolean;
  limits?: Partial<PictureLimits>;
}

async function read(bytes: Uint8Array, { limits, ...asked }: Asked = {}) {
  const path = join(folder, 'file');
  await writeFile(path, bytes);
  return readPicture({ file: { path, ...asked }, limits: { ...DEFAULT_PICTURE_LIMITS, ...limits } });
}

describe('what is read', () => {
  it('is the same for every kind of file', async () => {
    const kinds = await everyKind();
    const first = await read(kinds['image/png']);
    for (const [contentType, bytes] of Object.entries(kinds)) {
      const picture = await read(bytes);
      expect(picture).toMatchObject({
        contentType,
        width: 120,
        height: 80,
        frames: 1,
        sizeBytes: bytes.length,
      });
      expect(hammingDistance(picture.perceptualHash, first.perceptualHash)).toBeLessThanOrEqual(6);
      expect(picture.colours).toEqual(first.colours);
    }
  });

  it('names the colours of what stands in front of its background', async () => {
    expect((await read(await discAndBar().png().toBuffer())).colours).toEqual(['white', 'red', 'blue']);
  });

  it('is upright, whatever way the camera was held', async () => {
    const upright = await read(await discAndBar().png().toBuffer());
    const turned = await discAndBar().rotate(270).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    const picture = await read(turned);
    expect(picture).toMatchObject({ width: 120, height: 80 });
    expect(hammingDistance(picture.perceptualHash, upright.perceptualHash)).toBeLessThanOrEqual(6);
    const { width, height } = await sharp(picture.thumbnail).metadata();
    expect(width).toBeGreaterThan(height);
  });

  it('has a thumbnail of at most 512 pixels that keeps the transparency and drops the metadata', async () => {
    const large = discAndBar(1_200, 800)
      .ensureAlpha(0.5)
      .withExif({ IFD0: { Artist: 'Somebody' } });
    const picture = await read(await large.png().toBuffer());
    const thumbnail = await sharp(picture.thumbnail).metadata();
    expect(picture).toMatchObject({
      width: 1_200,
      height: 800,
      hasAlpha: true,
      exif: { artist: 'Somebody' },
    });
    expect(thumbnail).toMatchObject({ format: 'webp', width: 512, height: 341, hasAlpha: true });
    expect(thumbnail.exif).toBeUndefined();
  });

  it('counts the frames of an animation and shows the first', async () => {
    const picture = await read(await animation(12));
    expect(picture).toMatchObject({ contentType: 'image/gif', frames: 12, width: 2, height: 2 });
    expect(picture.colours).toEqual(['blue']);
  });

  it('has the colours of print and of 16 bits as they look', async () => {
    const print = await discAndBar().toColourspace('cmyk').withIccProfile('cmyk').jpeg().toBuffer();
    const deep = await discAndBar().toColourspace('rgb16').png().toBuffer();
    const grey = await discAndBar().toColourspace('grey16').png().toBuffer();
    expect((await sharp(print).metadata()).space).toBe('cmyk');
    expect((await sharp(deep).metadata()).depth).toBe('ushort');
    expect((await read(print)).colours).toEqual(['white', 'red', 'blue']);
    expect((await read(deep)).colours).toEqual(['white', 'red', 'blue']);
    expect((await read(grey)).colours).toEqual(['white', 'grey']);
  });

  it('stands on white where it is transparent, for hash and embedding', async () => {
    const solid = await read(await discAndBar().png().toBuffer());
    const { data, info } = await discAndBar().ensureAlpha().raw().toBuffer({ resolveWithObject: true });
    for (let at = 0; at < data.length; at += 4)
      if (data[at] === 255 && data[at + 1] === 255) data.set([0, 255, 0, 0], at);
    const raw = { width: info.width, height: info.height, channels: 4 } as const;
    const clear = await read(await sharp(data, { raw }).png().toBuffer());
    expect(clear.perceptualHash).toBe(solid.perceptualHash);
    expect([...clear.embedderInput.pixels]).toEqual([...solid.embedderInput.pixels]);
  });

  it('is the same for embedders with more of its background, and smaller', async () => {
    const wide = await read(
      await discAndBar()
        .extend({ left: 80, top: 20, right: 10, bottom: 60, background: '#fff' })
        .png()
        .toBuffer(),
    );
    const plain = await read(await discAndBar().png().toBuffer());
    const differences = plain.embedderInput.pixels.map((value, at) =>
      Math.abs(value - wide.embedderInput.pixels[at]),
    );
    expect(differences.reduce((sum, value) => sum + value, 0) / differences.length).toBeLessThan(4);
  });

  it('tells when and with what it was taken, and where only when asked', async () => {
    const bytes = await discAndBar()
      .withExif({
        IFD0: { Make: 'Maker', Model: 'Camera 1' },
        IFD2: {
          DateTimeOriginal: '2026:05:16 09:12:44',
          OffsetTimeOriginal: '+02:00',
          ISOSpeedRatings: '200',
        },
        IFD3: {
          GPSLatitudeRef: 'S',
          GPSLatitude: '33/1 51/1 3540/100',
          GPSLongitudeRef: 'E',
          GPSLongitude: '151/1 12/1 0/1',
        },
      })
      .jpeg()
      .toBuffer();
    const told = { make: 'Maker', model: 'Camera 1', iso: 200 };
    expect(await read(bytes)).toMatchObject({ takenAt: '2026-05-16T07:12:44.000Z', exif: told });
    expect((await read(bytes)).exif).not.toHaveProperty('location');
    const { location } = (await read(bytes, { keepLocation: true })).exif;
    expect(location?.latitude).toBeCloseTo(-33.8598, 3);
    expect(location?.longitude).toBeCloseTo(151.2, 3);
  });

  it('is read from the narrowest and the smallest pictures', async () => {
    for (const [width, height] of [
      [1, 1],
      [50_000, 2],
      [2, 16_000],
    ]) {
      const line = sharp({ create: { width, height, channels: 3, background: '#0a0' } });
      const picture = await read(await line.png().toBuffer());
      expect(picture).toMatchObject({ width, height, colours: ['green'], perceptualHash: '0'.repeat(16) });
    }
  });
});

describe('what is refused', () => {
  it('says how large a picture may be', async () => {
    const bytes = await discAndBar().png().toBuffer();
    await expect(read(bytes, { limits: { pixels: 9_000 } })).rejects.toMatchObject({
      code: 'image.too_large',
      detail: expect.stringContaining('120 x 80') as string,
      retryable: false,
    });
  });

  it('says how many frames a file may have', async () => {
    await expect(read(await animation(12), { limits: { frames: 11 } })).rejects.toMatchObject({
      code: 'image.too_many_frames',
      detail: expect.stringContaining('12') as string,
    });
  });

  it('knows half a picture of every kind from a whole one', async () => {
    for (const [contentType, bytes] of Object.entries(await everyKind())) {
      const half = read(bytes.subarray(0, Math.floor(bytes.length / 2)));
      await expect(half, contentType).rejects.toMatchObject({ code: 'image.corrupt', retryable: false });
    }
  });
});
