import { expect, it } from 'vitest';
import { cutText, meanDirection, presentable } from './text-windows.js';

it('cuts into few pieces of equal length, and loses nothing', () => {
  expect(cutText('', 10)).toEqual(['']);
  expect(cutText('0123456789', 10)).toEqual(['0123456789']);
  expect(cutText('0123456789a', 10)).toEqual(['01234', '56789a']);
});

it('cuts no character in half', () => {
  const ducks = '🦆'.repeat(7);
  const pieces = cutText(ducks, 5);
  expect(pieces.join('')).toBe(ducks);
  for (const piece of pieces) expect(piece).toMatch(/^(?:🦆)+$/u);
});

it('points where its vectors point on the whole', () => {
  const one = Float32Array.of(1, 0);
  expect(meanDirection([one])).toBe(one);
  const [x, y] = meanDirection([one, Float32Array.of(0, 1)]);
  expect([x, y]).toEqual([expect.closeTo(Math.SQRT1_2, 5), expect.closeTo(Math.SQRT1_2, 5)]);
  expect(meanDirection([one, Float32Array.of(-1, 0)])).toEqual(one);
});

it('makes text out of what is none', () => {
  expect(presentable('')).toBe(' ');
  expect(presentable('a\0b')).toBe('ab');
  expect(presentable('\ud800')).toBe('\ufffd');
});
