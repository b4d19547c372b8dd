/** Pixels in rows from the top left, three bytes each: red, green, blue. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** A part of a raster; whole pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Brightness as people see it, 0 to 255. Source: ITU-R BT.601. */
export function luma(data: Uint8Array, at: number): number {
  return 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
}

/** Puts pixels of four bytes (the last is the opacity) on white. */
export function onWhite(data: Uint8Array): Uint8Array {
  const flat = new Uint8Array((data.length / 4) * 3);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    const opacity = data[from + 3] / 255;
    for (let channel = 0; channel < 3; channel += 1) {
      flat[to + channel] = Math.round(255 + (data[from + channel] - 255) * opacity);
    }
  }
  return flat;
}
