import { expect, it } from 'vitest';
import { contentBox } from './border-trim.js';

const WIDTH = 100;
const HEIGHT = 80;

function picture(colourAt: (x: number, y: number) => number) {
  const data = Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, at) => {
    const pixel = Math.floor(at / 3);
    return colourAt(pixel % WIDTH, Math.floor(pixel / WIDTH));
  });
  return { width: WIDTH, height: HEIGHT, data };
}
const whole = { left: 0, top: 0, width: WIDTH, height: HEIGHT };
const isInside = (x: number, y: number) => x >= 30 && x < 60 && y >= 20 && y < 70;

it('cuts to what stands in front of a ground of one colour, noise and specks aside', () => {
  const noisy = (x: number, y: number) => 240 + ((x * 7 + y * 13) % 12);
  expect(contentBox(picture((x, y) => (isInside(x, y) ? 20 : noisy(x, y))))).toEqual({
    left: 30,
    top: 20,
    width: 30,
    height: 50,
  });
  expect(contentBox(picture((x, y) => (isInside(x, y) ? 200 : 10)))).toMatchObject({ left: 30, width: 30 });
});

it('leaves a picture whole that has no border', () => {
  expect(contentBox(picture((x) => x * 2))).toEqual(whole);
  expect(contentBox(picture(() => 200))).toEqual(whole);
  expect(contentBox(picture((x, y) => (x === 50 && y === 40 ? 0 : 255)))).toEqual(whole);
});
