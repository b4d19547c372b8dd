import sharp from 'sharp';

const CROP = 0.8;
const RESIZE = 0.3;
const MIN_SIDE = 16;
const DEGREES = 5;
const JPEG_QUALITY = 20;
const HUE_DEGREES = 12;

/** What happens to pictures between a shop and its copies. Each takes the picture's bytes and a chance. */
export const ALTERATIONS = {
  /** Four fifths of each side, from anywhere. */
  crop: (bytes, chance) => cropped(bytes, CROP, chance),
  /** To three tenths. */
  resize: (bytes) => scaled(bytes, RESIZE),
  /** By five degrees, the corners filled with white. */
  rotate: (bytes, chance) =>
    sharp(bytes)
      .rotate(chance.oneOf([DEGREES, -DEGREES]), { background: '#fff' })
      .png()
      .toBuffer(),
  /** As a JPEG of quality 20. */
  recompress: (bytes) => sharp(bytes).jpeg({ quality: JPEG_QUALITY }).toBuffer(),
  /** Hue by 12 degrees, brightness by about a seventh, saturation by three tenths. */
  colour: (bytes, chance) =>
    sharp(bytes)
      .modulate({
        hue: chance.oneOf([HUE_DEGREES, 360 - HUE_DEGREES]),
        brightness: chance.oneOf([1.15, 0.87]),
        saturation: chance.oneOf([1.3, 0.7]),
      })
      .png()
      .toBuffer(),
};

const SLIGHT_CROP = 0.95;

/** What a copy that shows the same picture may have been through. */
export const SLIGHT_ALTERATIONS = {
  /** To a half. */
  resize: (bytes) => scaled(bytes, 0.5),
  jpeg: (bytes) => sharp(bytes).jpeg({ quality: 50 }).toBuffer(),
  webp: (bytes) => sharp(bytes).webp({ quality: 60 }).toBuffer(),
  tint: ALTERATIONS.colour,
  crop: (bytes, chance) => cropped(bytes, SLIGHT_CROP, chance),
};

/** So much of each side, from anywhere. */
async function cropped(bytes, share, chance) {
  const { width, height } = await sharp(bytes).metadata();
  const [w, h] = [Math.ceil(width * share), Math.ceil(height * share)];
  const [left, top] = [chance.whole(0, width - w), chance.whole(0, height - h)];
  return sharp(bytes).extract({ left, top, width: w, height: h }).png().toBuffer();
}

/** To so much of its size. */
async function scaled(bytes, share) {
  const { width } = await sharp(bytes).metadata();
  return sharp(bytes)
    .resize(Math.max(MIN_SIDE, Math.round(width * share)))
    .png()
    .toBuffer();
}

/** A picture of any kind as the alterations take it: upright, on white. */
export function flattened(source) {
  return sharp(source, { limitInputPixels: 50e6 })
    .autoOrient()
    .flatten({ background: '#fff' })
    .toColourspace('srgb')
    .png()
    .toBuffer();
}
