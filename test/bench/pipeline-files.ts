import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { patchwork } from '../support/made-pictures.js';

/** What a pipeline is fed with. */
export type FileKind = 'texts' | 'scans' | 'pictures';

const SAMPLES = 'samples/documents';
/** Those of the samples that are pictures of paper. */
const SCANS = ['boiler-inspection.pdf', 'lost-parrot.jpg'];

/**
 * Writes files, always the same ones: copies of the samples, each kind as often as the next; pictures are made, none
 * like the other, since what is done about near-duplicates is none of the engine's work.
 * @returns their names in the folder
 */
export async function writeFiles(kind: FileKind, count: number, folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  return kind === 'pictures' ? writePictures(count, folder) : copySamples(kind, count, folder);
}

async function copySamples(kind: 'texts' | 'scans', count: number, folder: string): Promise<string[]> {
  const samples = (await readdir(SAMPLES)).filter((name) => SCANS.includes(name) === (kind === 'scans'));
  const names = Array.from({ length: count }, (_, at) => `${at}-${samples[at % samples.length]}`);
  for (const [at, name] of names.entries())
    await copyFile(join(SAMPLES, samples[at % samples.length] ?? ''), join(folder, name));
  return names;
}

async function writePictures(count: number, folder: string): Promise<string[]> {
  const names: string[] = [];
  for (let seed = 0; seed < count; seed += 1) {
    const kind = (['jpeg', 'png', 'webp'] as const)[seed % 3] ?? 'jpeg';
    const picture = patchwork(seed, 160, 120).resize(1_200, 900, { kernel: 'cubic' });
    const name = `${seed}.${kind}`;
    await writeFile(join(folder, name), await picture.toFormat(kind).toBuffer());
    names.push(name);
  }
  return names;
}
