/**
 * Writes `src/engines/embeddings/picture-means.ts`: where pictures are on average, part by part, over 400 generated ones.
 * Every vector changes with it: run it (`node scripts/write-picture-means.mjs`) only together with a new version of the
 * built-in image model.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generatePictures } from './pictures/generated.mjs';

const PICTURES = 400;
/** Other pictures than those that `score:images` measures with. */
const SEED = 20_260_501;
const FILE = new URL('../src/engines/embeddings/picture-means.ts', import.meta.url);

const pictures = await generatePictures(PICTURES, SEED);
const built = (path) => import(new URL(`../dist/engines/${path}.js`, import.meta.url));
const { readPicture } = await built('pictures/picture-job');
const { DEFAULT_PICTURE_LIMITS: limits } = await built('pictures/picture-limits');
const { MobilenetEncoder } = await built('embeddings/mobilenet-encoder.adapter');
const { packedMeans } = await built('embeddings/picture-vector');

const encoder = await MobilenetEncoder.load();
const folder = mkdtempSync(join(tmpdir(), 'intake-means-'));
const parts = [];
for (const { bytes } of pictures) {
  const path = join(folder, 'picture');
  writeFileSync(path, bytes);
  const { embedderInput } = await readPicture({ file: { path }, limits });
  const { pixels, colours, shapes } = embedderInput;
  parts.push({ ...(await encoder.look(pixels)), colours, shapes });
}
rmSync(folder, { recursive: true });

const lines = Object.entries(packedMeans(parts)).map(([name, packed]) => `  ${name}:\n    '${packed}',\n`);
writeFileSync(
  FILE,
  `/**\n * Made by \`node scripts/write-picture-means.mjs\`: the mean direction of each part over generated pictures, base64 of\n * 32-bit floats, low byte first.\n */\nexport const PICTURE_MEANS = {\n${lines.join('')}};\n`,
);
