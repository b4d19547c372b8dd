import { PICTURE_SIDE, type PictureInput } from '../../src/engines/embeddings/image-embedder.js';
import { colourLayout, DESCRIBED_SIDE, edgeLayout } from '../../src/engines/pictures/shape-and-colour.js';
import type { Raster } from '../../src/engines/pictures/raster.js';

interface Drawn {
  disc?: readonly [number, number, number];
  ground?: readonly [number, number, number];
  radius?: number;
  mirrored?: boolean;
}

/** A disc left of the middle, as the reader hands pictures to embedders; no file is needed. */
export function seenPicture(drawn: Drawn): PictureInput {
  const small = discOn(DESCRIBED_SIDE, drawn);
  return {
    pixels: discOn(PICTURE_SIDE, drawn).data,
    colours: colourLayout(small),
    shapes: edgeLayout(small),
    jpeg: Buffer.from(`a picture of ${JSON.stringify(drawn)}`),
  };
}

function discOn(
  side: number,
  { disc = [200, 30, 30], ground = [255, 255, 255], radius = 0.3, mirrored = false }: Drawn,
): Raster {
  const data = new Uint8Array(side * side * 3);
  const middle = (mirrored ? 0.6 : 0.4) * side;
  for (let at = 0; at < side * side; at += 1) {
    const [x, y] = [(at % side) + 0.5, Math.floor(at / side) + 0.5];
    const isInside = Math.hypot(x - middle, y - side / 2) < radius * side;
    data.set(isInside ? disc : ground, at * 3);
  }
  return { width: side, height: side, data };
}
