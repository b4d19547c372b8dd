import { expect, it } from 'vitest';
import { unitVector } from './unit-vector.js';

it('keeps the direction and leaves the original alone', () => {
  const original = Float32Array.of(3, 4);
  expect([...unitVector(original, 2)].map((value) => value.toFixed(3))).toEqual(['0.600', '0.800']);
  expect([...original]).toEqual([3, 4]);
});

it('refuses what has no direction or the wrong dimension', () => {
  expect(() => unitVector(Float32Array.of(0, 0), 2)).toThrow('vectors.invalid');
  expect(() => unitVector(Float32Array.of(1, NaN), 2)).toThrow('vectors.invalid');
  expect(() => unitVector(Float32Array.of(1, Infinity), 2)).toThrow('vectors.invalid');
  expect(() => unitVector(Float32Array.of(1, 2, 3), 2)).toThrow('3 numbers, the collection 2');
});
