/**
 * Draws the pictures below `samples/images`, with nothing but Node and sharp. The results are committed; run it again
 * after a change: `node scripts/make-sample-images.mjs`.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import sharp from 'sharp';
import { Chance } from './pictures/chance.mjs';
import { drawScene, drawSurface, drawThing, withGrain } from './pictures/drawing.mjs';

const folder = new URL('../samples/images/', import.meta.url);
const SIDE = 480;
const WALL = ['#e9e2d6', '#b9ab97'];

/** Name, thing, its shape, cover, hue, and what it stands before. */
const THINGS = [
  ['mug-green-plain', 'mug', [0.4, 0.3, 0.5], 'plain', 120, '#fff'],
  ['mug-green-stripes', 'mug', [0.6, 0.7, 0.2], 'stripes', 215, '#fff'],
  ['mug-red-dots', 'mug', [0.2, 0.5, 0.8], 'dots', 5, WALL],
  ['bottle-blue-label', 'bottle', [0.4, 0.4, 0.5], 'plain', 200, '#fff'],
  ['bottle-leaves', 'bottle', [0.8, 0.7, 0.2], 'leaves', 90, '#f2f2f2'],
  ['shirt-yellow', 'shirt', [0.5, 0.5, 0.3], 'plain', 48, '#fff'],
  ['shirt-checks', 'shirt', [0.2, 0.8, 0.7], 'checks', 10, '#fff'],
  ['shirt-zigzag', 'shirt', [0.8, 0.3, 0.5], 'zigzag', 270, '#fff'],
  ['plate-blue-dots', 'plate', [0.3, 0.5, 0.4], 'dots', 220, WALL],
  ['plate-plain', 'plate', [0.7, 0.2, 0.8], 'plain', 35, '#fff'],
  ['lamp-red', 'lamp', [0.4, 0.6, 0.4], 'plain', 0, '#fff'],
  ['lamp-stripes', 'lamp', [0.8, 0.3, 0.7], 'stripes', 160, ['#4a4038', '#26201c']],
  ['chair-green', 'chair', [0.5, 0.4, 0.6], 'plain', 140, '#fff'],
  ['chair-leaves', 'chair', [0.9, 0.8, 0.3], 'leaves', 30, WALL],
  ['shoe-purple', 'shoe', [0.4, 0.3, 0.8], 'plain', 285, '#fff'],
  ['shoe-zigzag', 'shoe', [0.7, 0.8, 0.4], 'zigzag', 190, '#fff'],
  ['clock-green', 'clock', [0.3, 0.8, 0.4], 'plain', 60, '#dfe8ef'],
  ['box-brown', 'box', [0.5, 0.5, 0.5], 'plain', 28, '#fff'],
  ['box-checks', 'box', [0.8, 0.2, 0.7], 'checks', 250, '#fff'],
  ['guitar-red', 'guitar', [0.5, 0.5, 0.5], 'plain', 25, '#fff'],
  ['bicycle', 'bicycle', [0.4, 0.6, 0.5], 'dots', 350, '#fff'],
  ['plant-in-pot', 'plant', [0.6, 0.5, 0.5], 'stripes', 20, WALL],
];

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const drawn = {};

for (const [at, [name, thing, shape, cover, hue, ground]] of THINGS.entries()) {
  const chance = new Chance(1_000 + at);
  const clean = await drawThing({ thing, shape, cover, hue, ground, side: SIDE }, chance);
  drawn[name] = at % 3 === 0 ? await withGrain(clean, chance, 16) : clean;
}
for (const [name, seed] of [
  ['view-morning', 3],
  ['view-evening', 11],
  ['view-hills', 26],
])
  drawn[name] = await drawScene(new Chance(seed), SIDE);
drawn['cloth-zigzag'] = await drawSurface('zigzag', new Chance(41), SIDE);
drawn['tiles-checks'] = await drawSurface('checks', new Chance(43), SIDE);

const ENCODED = [
  { ending: 'jpg', encoded: (picture) => picture.jpeg({ quality: 82 }) },
  { ending: 'png', encoded: (picture) => picture.png({ palette: true, colours: 64 }) },
  { ending: 'webp', encoded: (picture) => picture.webp({ quality: 80 }) },
];
for (const [at, [name, bytes]] of Object.entries(drawn).entries()) {
  const { ending, encoded } = ENCODED[at % ENCODED.length];
  await write(`${name}.${ending}`, encoded(sharp(bytes)));
}

/** The same pictures as somebody else has them. */
const crop = { left: 40, top: 50, width: 400, height: 380 };
await write(
  'mug-green-stripes-small.jpg',
  sharp(drawn['mug-green-stripes']).resize(160).jpeg({ quality: 60 }),
);
await write('shirt-checks-cropped.webp', sharp(drawn['shirt-checks']).extract(crop).webp());
await write('lamp-red-recompressed.jpg', sharp(drawn['lamp-red']).jpeg({ quality: 20 }));
await write('view-evening-brighter.jpg', sharp(drawn['view-evening']).modulate({ brightness: 1.12 }).jpeg());
await write(
  'bicycle-tilted.avif',
  sharp(drawn.bicycle).rotate(4, { background: '#fff' }).avif({ quality: 50 }),
);

async function write(name, picture) {
  writeFileSync(new URL(name, folder), await picture.toBuffer());
}
