import { expect, it } from 'vitest';
import { lieOf } from './skew.js';

const SIDE = 400;

/** Lines of letters, black on white, falling by so many degrees; from top to bottom when on their side. */
function ruled(falling: number, { sideways = false, inverted = false } = {}): Uint8Array {
  const slope = Math.tan((falling * Math.PI) / 180);
  return Uint8Array.from({ length: SIDE * SIDE }, (_, at) => {
    const [x, y] = [at % SIDE, Math.floor(at / SIDE)];
    const [along, across] = sideways ? [y, x] : [x, y];
    const level = across - slope * along + SIDE;
    const isLetter = Math.imul((along >> 2) + 97 * Math.floor(level / 20), 0x9e3779b1) >>> 31 === 1;
    return (level % 20 < 6 && isLetter) === inverted ? 255 : 0;
  });
}

it.each([0, 1.5, -4, 8.2])('finds lines that fall by %f degrees', (degrees) => {
  const lie = lieOf(ruled(degrees), SIDE, SIDE);
  expect(lie.sideways).toBe(false);
  expect(lie.degrees + degrees).toBeCloseTo(0, 0);
});

it('finds them white on black', () => {
  expect(lieOf(ruled(-2, { inverted: true }), SIDE, SIDE).degrees).toBeCloseTo(2, 0);
});

it.each([0, 3, -3])('finds lines that run from top to bottom, off by %f degrees', (degrees) => {
  const lie = lieOf(ruled(degrees, { sideways: true }), SIDE, SIDE);
  expect(lie.sideways).toBe(true);
  expect(lie.degrees - degrees).toBeCloseTo(0, 0);
});

it('leaves a picture without lines as it lies', () => {
  expect(lieOf(new Uint8Array(100).fill(255), 10, 10)).toEqual({ degrees: -0, sideways: false });
  expect(lieOf(Uint8Array.of(0), 1, 1).sideways).toBe(false);
});
