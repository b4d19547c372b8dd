import { expect, it } from 'vitest';
import { tokenWindows } from './token-windows.js';

const count = (length: number) => Array.from({ length }, (_, at) => at);

it('keeps a short sequence whole', () => {
  expect(tokenWindows([], 4)).toEqual([[]]);
  expect(tokenWindows([1, 2, 3, 4], 4)).toEqual([[1, 2, 3, 4]]);
});

it('cuts a long one into even windows that hold every token once', () => {
  expect(tokenWindows(count(5), 4).map((window) => window.length)).toEqual([2, 3]);
  expect(tokenWindows(count(1_000), 128).flat()).toEqual(count(1_000));
  expect(Math.max(...tokenWindows(count(1_000), 128).map((window) => window.length))).toBeLessThanOrEqual(
    128,
  );
});
