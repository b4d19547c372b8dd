import { expect, it } from 'vitest';
import { spreadContrast } from './contrast.js';

const paper = (level: number, length = 10_000) => new Uint8Array(length).fill(level);

it('makes the faintest ink black and paper white', () => {
  const pixels = paper(210);
  pixels.fill(170, 0, 300);
  expect(spreadContrast(pixels)).toBe(true);
  expect([pixels[0], pixels[9_999]]).toEqual([0, 255]);
});

it('finds one short word on a large page, and takes a speck of dust for nothing', () => {
  const word = paper(255, 4_000_000);
  word.fill(30, 1_000, 1_200);
  expect(spreadContrast(word)).toBe(true);
  const dust = paper(255, 4_000_000);
  dust.fill(30, 1_000, 1_040);
  expect(spreadContrast(dust)).toBe(false);
});

it.each([1, 11, 10_000])('leaves a blank picture of %i pixels as it is', (length) => {
  const pixels = paper(128, length);
  expect(spreadContrast(pixels)).toBe(false);
  expect(pixels.every((level) => level === 128)).toBe(true);
});
