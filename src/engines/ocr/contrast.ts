/** Grey levels between paper and ink below which there is nothing to read. */
const LEAST_CONTRAST = 24;
/** Ink is the darkest of so many pixels in a million: a page may hold one short word; fewer are dust. */
const INK_PER_MILLION = 20;
const LEAST_INK_PIXELS = 12;

/**
 * Spreads the grey levels of a picture in place, so that the faintest ink is black and paper white.
 * @param pixels 8 bits each
 * @returns whether there is anything to tell apart: `false` for a blank picture, which is left as it is
 */
export function spreadContrast(pixels: Uint8Array): boolean {
  const counts = new Uint32Array(256);
  for (const level of pixels) counts[level] += 1;
  const ink = Math.max(LEAST_INK_PIXELS, (pixels.length * INK_PER_MILLION) / 1_000_000);
  const edge = Math.min(ink, pixels.length);
  const dark = levelAt(counts, edge);
  const light = 255 - levelAt(counts.toReversed(), edge);
  if (light - dark < LEAST_CONTRAST) return false;
  const spread = Uint8Array.from({ length: 256 }, (_, level) =>
    Math.round(Math.min(1, Math.max(0, (level - dark) / (light - dark))) * 255),
  );
  for (let at = 0; at < pixels.length; at += 1) pixels[at] = spread[pixels[at]];
  return true;
}

/** The level at which so many pixels are counted from below. */
function levelAt(counts: Uint32Array, edge: number): number {
  let seen = 0;
  return counts.findIndex((count) => (seen += count) >= edge);
}
