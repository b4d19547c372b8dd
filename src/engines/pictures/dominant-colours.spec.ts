import { expect, it } from 'vitest';
import { dominantColours } from './dominant-colours.js';

const of = (...colours: number[][]) =>
  dominantColours({ width: colours.length, height: 1, data: Uint8Array.from(colours.flat()) });

it.each([
  ['black', [10, 10, 12]],
  ['white', [250, 250, 250]],
  ['grey', [128, 128, 130]],
  ['red', [200, 20, 30]],
  ['orange', [255, 140, 0]],
  ['yellow', [250, 220, 30]],
  ['green', [30, 140, 50]],
  ['turquoise', [40, 200, 200]],
  ['blue', [30, 60, 200]],
  ['purple', [130, 40, 200]],
  ['pink', [255, 150, 190]],
  ['brown', [120, 70, 20]],
  ['beige', [235, 215, 180]],
])('calls it %s', (name, colour) => {
  expect(of(colour)).toEqual([name]);
});

it('names the largest first, and no details', () => {
  const [red, blue, green] = [
    [200, 0, 0],
    [0, 0, 200],
    [0, 150, 0],
  ];
  expect(of(...Array<number[]>(12).fill(blue), ...Array<number[]>(7).fill(red), green)).toEqual([
    'blue',
    'red',
  ]);
});
