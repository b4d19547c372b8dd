import type { Box, Raster } from './raster.js';

/** How far a channel may be from the border's colour and still belong to it: room for JPEG's noise. */
const TOLERANCE = 24;
/** Of a row or column that must differ before it counts as content: a speck of dust does not. */
const CONTENT_SHARE = 0.01;
/** What is left must be worth looking at. */
const MIN_SIDE_SHARE = 1 / 10;

/**
 * What is left of a picture without a border of one colour, so that an object is the same picture however much of its
 * background was kept.
 * @returns the whole picture when its corners differ, or when next to nothing would be left
 */
export function contentBox(raster: Raster): Box {
  const whole = { left: 0, top: 0, width: raster.width, height: raster.height };
  const border = cornerColour(raster);
  if (!border) return whole;
  const { columns, rows } = contentCounts(raster, border);
  const across = span(columns, raster.height);
  const down = span(rows, raster.width);
  if (!across || !down) return whole;
  const box = { left: across.first, top: down.first, width: across.length, height: down.length };
  const isTiny = box.width < raster.width * MIN_SIDE_SHARE || box.height < raster.height * MIN_SIDE_SHARE;
  return isTiny ? whole : box;
}

/** The colour that all four corners share. */
function cornerColour({ width, height, data }: Raster): readonly number[] | null {
  const corners = [0, width - 1, (height - 1) * width, height * width - 1];
  const colour = [0, 1, 2].map(
    (channel) => corners.reduce((sum, corner) => sum + data[corner * 3 + channel], 0) / corners.length,
  );
  return corners.every((corner) => !differs(data, corner * 3, colour)) ? colour : null;
}

function contentCounts({ width, height, data }: Raster, border: readonly number[]) {
  const columns = new Uint32Array(width);
  const rows = new Uint32Array(height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (!differs(data, (y * width + x) * 3, border)) continue;
      columns[x] += 1;
      rows[y] += 1;
    }
  }
  return { columns, rows };
}

function differs(data: Uint8Array, at: number, colour: readonly number[]): boolean {
  return (
    Math.abs(data[at] - colour[0]) > TOLERANCE ||
    Math.abs(data[at + 1] - colour[1]) > TOLERANCE ||
    Math.abs(data[at + 2] - colour[2]) > TOLERANCE
  );
}

/** From the first line with content to the last. */
function span(counts: Uint32Array, lineLength: number): { first: number; length: number } | null {
  const enough = Math.max(1, lineLength * CONTENT_SHARE);
  const first = counts.findIndex((count) => count >= enough);
  const last = counts.findLastIndex((count) => count >= enough);
  return first < 0 ? null : { first, length: last - first + 1 };
}
