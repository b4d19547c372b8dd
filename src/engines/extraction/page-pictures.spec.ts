import { expect, it } from 'vitest';
import { shareOfPage, type Drawing } from './page-pictures.js';

const OPS = {
  save: 1,
  restore: 2,
  transform: 3,
  paintImageXObject: 4,
  paintInlineImageXObject: 5,
  paintImageMaskXObject: 6,
};
const step = (operator: number, ...args: number[]) => ({ operator, args });
const PAGE = 600 * 800;
const share = (...drawing: Drawing) => shareOfPage(drawing, PAGE, OPS);

it('multiplies what was transformed before a picture', () => {
  expect(share(step(OPS.transform, 600, 0, 0, 800, 0, 0), step(OPS.paintImageXObject))).toBe(1);
  expect(
    share(
      step(OPS.transform, 0.5, 0, 0, 0.5, 9, 9),
      step(OPS.transform, 600, 0, 0, -800, 0, 0),
      step(OPS.paintImageMaskXObject),
    ),
  ).toBe(0.25);
});

it('knows pictures that lie on their side', () => {
  expect(share(step(OPS.transform, 0, 600, -800, 0, 0, 0), step(OPS.paintInlineImageXObject))).toBe(1);
});

it('forgets a transformation that was taken back, and takes the largest of several', () => {
  const small = step(OPS.transform, 60, 0, 0, 80, 0, 0);
  const drawing = [step(OPS.save), step(OPS.transform, 10, 0, 0, 10, 0, 0), step(OPS.restore)];
  expect(share(...drawing, small, step(OPS.paintImageXObject))).toBe(0.01);
  expect(
    share(
      step(OPS.save),
      small,
      step(OPS.paintImageXObject),
      step(OPS.restore),
      step(OPS.transform, 300, 0, 0, 800, 0, 0),
      step(OPS.paintImageXObject),
    ),
  ).toBe(0.5);
});

it('is nothing without pictures, or on a page without area', () => {
  expect(share(step(OPS.restore), { operator: 99, args: null })).toBe(0);
  expect(shareOfPage([step(OPS.paintImageXObject)], 0, OPS)).toBe(0);
});
