// How often does a picture find itself again after it was cropped, made smaller, tilted, recompressed or tinted?
//   npm run score:images                    over 120 generated pictures
//   npm run score:images -- --dir FOLDER    over your own (all below it, JPEG, PNG, WebP, GIF, AVIF, TIFF)
//
// Every picture of the folder is indexed; then each is altered in five ways, and the share of altered copies that find
// their original first is told for each. --count N takes so many pictures, --seed N others, --json FILE writes the result
// down. --duplicates tells instead how many slightly altered copies count as near-duplicates of their originals, and how
// many pairs of different pictures do. Runs what the product runs, from reading the files to comparing vectors, and stores nothing. Ends with exit code 1
// when fewer than nine in ten are found.
import './setup/node-version.mjs';

const { mkdtempSync, readdirSync, rmSync, writeFileSync } = await import('node:fs');
const { availableParallelism, tmpdir } = await import('node:os');
const { extname, join, relative, resolve } = await import('node:path');
const { parseArgs } = await import('node:util');
const { orExplain, SetupFault } = await import('./setup/fault.mjs');
const { prepare } = await import('./setup/prepare.mjs');

const ENOUGH = 0.9;
const GENERATED = 120;
const SEED = 7;
const KINDS = ['.jpg', '.jpeg', '.png', '.webp', '.gif', '.avif', '.tif', '.tiff'];

await orExplain(main);

async function main() {
  const options = readArguments();
  await prepare();
  const product = await load();
  const folder = mkdtempSync(join(tmpdir(), 'intake-score-'));
  try {
    const originals = await originalsOf(options);
    if (options.duplicates) {
      reportDuplicates(await measureDuplicates(product, originals, folder, options.seed), options.json);
      return;
    }
    const score = await measure(product, originals, folder, options.seed);
    report({ model: product.embedder.model, ...score }, options.json);
    if (score.recall_at_1 < ENOUGH) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true });
    await product.close();
  }
}

function readArguments() {
  const { values } = parseArgs({
    options: {
      dir: { type: 'string' },
      count: { type: 'string' },
      seed: { type: 'string', default: String(SEED) },
      json: { type: 'string' },
      duplicates: { type: 'boolean', default: false },
    },
  });
  return {
    dir: values.dir && resolve(values.dir),
    count: values.count === undefined ? undefined : Number(values.count),
    seed: Number(values.seed),
    json: values.json && resolve(values.json),
    duplicates: values.duplicates,
  };
}

/** The parts of the built product that a search by picture consists of. */
async function load() {
  await import('reflect-metadata');
  const built = (path) => import(new URL(`../dist/${path}.js`, import.meta.url));
  const { NestFactory } = await import('@nestjs/core');
  const { surroundings } = await import('./setup/surroundings.mjs');
  const { EmbeddingsModule } = await built('engines/embeddings/embeddings.module');
  const { ImageEmbedder } = await built('engines/embeddings/image-embedder');
  const { PicturesModule } = await built('engines/pictures/pictures.module');
  const { PictureReader } = await built('engines/pictures/picture-reader');
  class ScoreModule {}
  const app = await NestFactory.createApplicationContext(
    { module: ScoreModule, imports: [await surroundings(), PicturesModule, EmbeddingsModule] },
    { logger: ['error'] },
  );
  const { hammingDistance } = await built('engines/pictures/perceptual-hash');
  const { MOST_BITS } = await built('images/hash-quarters');
  const { SAME } = await built('images/near-duplicates');
  const areNear = (one, other) =>
    hammingDistance(one.hash, other.hash) <= MOST_BITS && cosine(one.vector, other.vector) >= SAME;
  const [reader, embedder] = [app.get(PictureReader), app.get(ImageEmbedder)];
  return { reader, embedder, areNear, close: () => app.close() };
}

/** @returns the pictures on white, as PNG */
async function originalsOf({ dir, count = dir ? undefined : GENERATED, seed }) {
  const { flattened } = await import('./pictures/alterations.mjs');
  const { generatePictures } = await import('./pictures/generated.mjs');
  if (!dir) return generatePictures(count, seed);
  const files = readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && KINDS.includes(extname(file.name).toLowerCase()))
    .map(({ parentPath, name }) => join(parentPath, name))
    .toSorted();
  if (files.length < 2)
    throw new SetupFault(`${dir} holds ${files.length} pictures: name a folder with more`);
  const step = Math.max(1, files.length / (count ?? files.length));
  const chosen = files.filter((_, at) => Math.floor(at / step) !== Math.floor((at - 1) / step));
  const originals = [];
  for (const file of chosen) {
    const bytes = await flattened(file).catch((error) => console.warn(`left out: ${file}: ${error.message}`));
    if (bytes) originals.push({ name: relative(dir, file), bytes });
  }
  return originals;
}

async function measure(product, originals, folder, seed) {
  const { ALTERATIONS } = await import('./pictures/alterations.mjs');
  const { Chance } = await import('./pictures/chance.mjs');
  const chance = new Chance(seed);
  const begunMs = performance.now();
  const looks = await looksAt(product, originals, folder);
  const seconds = (performance.now() - begunMs) / 1_000;
  const alterations = {};
  for (const [name, alter] of Object.entries(ALTERATIONS)) {
    const copies = [];
    for (const { bytes } of originals) copies.push({ bytes: await alter(bytes, chance) });
    const found = (await looksAt(product, copies, folder)).map((look, at) => rankOf(look, looks, at));
    const missed = found.flatMap((rank, at) => (rank === 1 ? [] : [{ picture: originals[at].name, rank }]));
    alterations[name] = { recall_at_1: 1 - missed.length / found.length, missed };
  }
  const recalls = Object.values(alterations).map(({ recall_at_1 }) => recall_at_1);
  const recall_at_1 = recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length;
  return { pictures: originals.length, per_second: originals.length / seconds, recall_at_1, alterations };
}

async function measureDuplicates(product, originals, folder, seed) {
  const { SLIGHT_ALTERATIONS } = await import('./pictures/alterations.mjs');
  const { Chance } = await import('./pictures/chance.mjs');
  const chance = new Chance(seed);
  const looks = await looksAt(product, originals, folder);
  const found = {};
  for (const [name, alter] of Object.entries(SLIGHT_ALTERATIONS)) {
    const copies = [];
    for (const { bytes } of originals) copies.push({ bytes: await alter(bytes, chance) });
    const near = (await looksAt(product, copies, folder)).filter((look, at) =>
      product.areNear(look, looks[at]),
    );
    found[name] = near.length / looks.length;
  }
  const false_pairs = looks.flatMap((look, at) =>
    looks.slice(at + 1).flatMap((other, next) => {
      const names = [originals[at].name, originals[at + 1 + next].name];
      return product.areNear(look, other) ? [names] : [];
    }),
  );
  return { pictures: looks.length, found, false_pairs };
}

/** As many at once as the machine reads at once. */
async function looksAt({ reader, embedder }, pictures, folder) {
  const looks = [];
  let next = 0;
  const work = async () => {
    for (let at = next++; at < pictures.length; at = next++) {
      const path = join(folder, String(at));
      writeFileSync(path, pictures[at].bytes);
      const { embedderInput, perceptualHash: hash } = await reader.read({ path });
      const [vector] = await embedder.embed([embedderInput]);
      looks[at] = { vector, hash };
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return looks;
}

/** The place of the right one, from 1. */
function rankOf({ vector }, looks, right) {
  const own = cosine(vector, looks[right].vector);
  return 1 + looks.filter((other, at) => at !== right && cosine(vector, other.vector) >= own).length;
}

/** Of vectors of unit length. */
function cosine(one, other) {
  return one.reduce((sum, value, at) => sum + value * other[at], 0);
}

function report(score, file) {
  for (const [name, { recall_at_1, missed }] of Object.entries(score.alterations)) {
    const worst = missed.slice(0, 3).map(({ picture, rank }) => `${picture} (${rank})`);
    console.log(
      `${name.padEnd(12)}${percent(recall_at_1)}${worst.length ? `   missed: ${worst.join(', ')}` : ''}`,
    );
  }
  console.log(
    `${percent(score.recall_at_1)} of ${score.pictures * Object.keys(score.alterations).length} altered copies find their ` +
      `original first among ${score.pictures}; ${score.per_second.toFixed(1)} pictures/s; ${score.model}`,
  );
  if (file) writeFileSync(file, `${JSON.stringify(score, null, 2)}\n`);
}

function reportDuplicates(score, file) {
  for (const [name, share] of Object.entries(score.found)) console.log(`${name.padEnd(12)}${percent(share)}`);
  const [first] = score.false_pairs;
  const example = first ? `, such as ${first.join(' and ')}` : '';
  const pairs = (score.pictures * (score.pictures - 1)) / 2;
  console.log(
    `${score.false_pairs.length} of ${pairs} pairs of different pictures count as near-duplicates${example}`,
  );
  if (file) writeFileSync(file, `${JSON.stringify(score, null, 2)}\n`);
}

function percent(share) {
  return `${(100 * share).toFixed(1)} %`.padStart(7);
}
