import { expect, it } from 'vitest';
import { HASH_SIDE, hammingDistance, perceptualHash } from './perceptual-hash.js';

const picture = (grey: (x: number, y: number) => number) => {
  const data = new Uint8Array(HASH_SIDE ** 2 * 3);
  for (let at = 0; at < HASH_SIDE ** 2; at += 1)
    data.fill(grey(at % HASH_SIDE, Math.floor(at / HASH_SIDE)), at * 3, at * 3 + 3);
  return { width: HASH_SIDE, height: HASH_SIDE, data };
};
const waves = (x: number, y: number) => 128 + 60 * Math.sin(x / 5) + 50 * Math.cos((x + 2 * y) / 9);

it('is 16 hex digits that a brighter copy shares and another picture does not', () => {
  const hash = perceptualHash(picture(waves));
  const brighter = perceptualHash(picture((x, y) => waves(x, y) * 0.9 + 20));
  const other = perceptualHash(picture((x, y) => waves(y, x)));
  expect(hash).toMatch(/^[0-9a-f]{16}$/);
  expect(hammingDistance(hash, brighter)).toBeLessThanOrEqual(2);
  expect(hammingDistance(hash, other)).toBeGreaterThan(16);
});

it('is all zero for a picture of one colour, whatever the colour', () => {
  for (const grey of [0, 77, 128, 255]) expect(perceptualHash(picture(() => grey))).toBe('0'.repeat(16));
});

it('keeps the lowest frequencies of the cosine transform: one wave of a known frequency is one bit', () => {
  const [across, down] = [3, 2];
  const wave = (at: number, frequency: number) =>
    Math.cos(((2 * at + 1) * frequency * Math.PI) / (2 * HASH_SIDE));
  const hash = perceptualHash(picture((x, y) => Math.round(128 + 100 * wave(x, across) * wave(y, down))));
  const bit = BigInt(63 - (across * 8 + down));
  expect((BigInt(`0x${hash}`) >> bit) & 1n).toBe(1n);
});

it('does not hang on how the pixels of a picture with little in it were rounded', () => {
  const wave = (x: number) => 128 + 100 * Math.sin(x / 4);
  const hash = perceptualHash(picture((x) => Math.round(wave(x))));
  let state = 1;
  const chance = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const again = perceptualHash(picture((x) => Math.round(wave(x) + (chance() - 0.5) / 10)));
  expect(hammingDistance(hash, again)).toBeLessThanOrEqual(2);
});

it('counts differing bits', () => {
  expect(hammingDistance('0000000000000000', 'ffffffffffffffff')).toBe(64);
  expect(hammingDistance('8000000000000001', '0000000000000000')).toBe(2);
  expect(hammingDistance('00000000000000ff', '00000000000000ff')).toBe(0);
});
