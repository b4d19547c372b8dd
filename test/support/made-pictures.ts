import sharp, { type Sharp } from 'sharp';

/** A red disc and a blue bar on white, so that every side is told from every other. */
export function discAndBar(width = 120, height = 80): Sharp {
  const data = Buffer.alloc(width * height * 3, 255);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const inDisc = (x - width * 0.3) ** 2 + (y - height * 0.4) ** 2 < (height * 0.28) ** 2;
      const inBar = y > height * 0.75 && y < height * 0.9 && x > width * 0.5 && x < width * 0.9;
      if (inDisc) data.set([220, 20, 30], (y * width + x) * 3);
      if (inBar) data.set([20, 40, 200], (y * width + x) * 3);
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** Every kind that can be read, of the same picture. */
export async function everyKind(): Promise<Record<string, Buffer>> {
  return {
    'image/jpeg': await discAndBar().jpeg().toBuffer(),
    'image/png': await discAndBar().png().toBuffer(),
    'image/webp': await discAndBar().webp().toBuffer(),
    'image/gif': await discAndBar().gif().toBuffer(),
    'image/avif': await discAndBar().avif({ effort: 0 }).toBuffer(),
    'image/tiff': await discAndBar().tiff().toBuffer(),
  };
}

/** An animation of single-coloured frames, none like the next, so that none is joined with it. */
export async function animation(frames: number, kind: 'gif' | 'webp' = 'gif'): Promise<Buffer> {
  const side = 2;
  const data = Buffer.alloc(side * side * frames * 3);
  for (let frame = 0; frame < frames; frame += 1) {
    const colour = [frame % 251, (frame * 7) % 251, frame % 2 === 0 ? 255 : 0];
    for (let at = 0; at < side * side; at += 1) data.set(colour, (frame * side * side + at) * 3);
  }
  const raw = { width: side, height: side * frames, channels: 3, pageHeight: side } as const;
  const delay = Array.from({ length: frames }, () => 20);
  const moving = sharp(data, { raw });
  return kind === 'gif' ? moving.gif({ delay }).toBuffer() : moving.webp({ delay, effort: 0 }).toBuffer();
}

/** A picture like no other seed's: rectangles of many colours on a shaded ground. */
export function patchwork(seed: number, width = 240, height = 180): Sharp {
  let state = (seed + 1) * 2_654_435_761;
  const chance = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  for (let warmUp = 0; warmUp < 4; warmUp += 1) chance();
  const colour = () => [chance() * 255, chance() * 255, chance() * 255];
  const ground = colour();
  const patches = Array.from({ length: 9 }, () => {
    const [left, top] = [chance() * 0.8, chance() * 0.8];
    return {
      left,
      top,
      right: left + 0.15 + chance() * 0.4,
      bottom: top + 0.15 + chance() * 0.4,
      fill: colour(),
    };
  });
  const data = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const [across, down] = [x / width, y / height];
      const patch = patches.findLast(
        ({ left, top, right, bottom }) => across >= left && across < right && down >= top && down < bottom,
      );
      const shade = 0.6 + 0.4 * across * down;
      data.set(
        (patch?.fill ?? ground).map((value) => value * shade),
        (y * width + x) * 3,
      );
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } });
}
