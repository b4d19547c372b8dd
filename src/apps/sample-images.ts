import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { IntakeClient } from '../client/intake-client.js';
import type { Terminal } from '../cli/terminal.js';
import { renderTable, type Cell } from '../cli/table.js';
import { ImageResult } from '../images/images.contract.js';
import { followSamples, statusOf, type SampleOutcome } from './sample-outcome.js';

/** The sample that the others are compared with. */
const ASKED = 'mug-green-stripes-small.jpg';
const PREFIX = 'sample:';
const KIB = 1024;

/** Indexes the sample pictures and looks for ones that are alike. @returns whether every sample went through */
export async function tourImages(client: IntakeClient, folder: string, terminal: Terminal): Promise<boolean> {
  const files = readdirSync(folder).toSorted();
  const outcomes = await followSamples(client, terminal, files, async (file) => {
    const name = file.replace(/\.[^.]+$/, '').replaceAll('-', ' ');
    const fields = { product_id: PREFIX + file, user_id: 'samples', name };
    return (await client.images.upload(join(folder, file), fields)).task_id;
  });
  const headings = ['file', 'format', 'size', 'colours', 'hash', 'alike', 'seconds', 'status'];
  terminal.out(`\n${renderTable(headings, outcomes.map(toRow))}`);
  await showAlike(client, files.includes(ASKED) ? ASKED : (files[0] ?? ''), terminal);
  return outcomes.every(({ task }) => task.status === 'completed');
}

function toRow({ file, task, seconds }: SampleOutcome): Cell[] {
  const result = ImageResult.safeParse(task.result);
  const said = statusOf(task, result.data?.unchanged);
  if (!result.success) return [file, null, null, null, null, null, Number(seconds.toFixed(1)), said];
  const { content_type, width, height, size_bytes, colours, perceptual_hash, near_duplicates } = result.data;
  const size = `${width} x ${height}, ${(size_bytes / KIB).toFixed(0)} kB`;
  const format = content_type.replace('image/', '');
  return [
    file,
    format,
    size,
    colours.join(' '),
    perceptual_hash,
    near_duplicates.length,
    Number(seconds.toFixed(1)),
    said,
  ];
}

async function showAlike(client: IntakeClient, file: string, terminal: Terminal): Promise<void> {
  if (!file) return;
  const { hits } = await client.images.search({ product_id: PREFIX + file, limit: 3 });
  terminal.out(`\nImages like ${file}:`);
  for (const { score, product_id, colours } of hits)
    terminal.out(`  ${score.toFixed(2)}  ${product_id.replace(PREFIX, '')} (${colours.join(', ')})`);
}
