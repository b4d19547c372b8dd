import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IntakeClient } from '../client/intake-client.js';
import type { Terminal } from '../cli/terminal.js';
import { renderTable, type Cell } from '../cli/table.js';
import { DocumentResult } from '../documents/documents.contract.js';
import { tourImages } from './sample-images.js';
import { followSamples, statusOf, type SampleOutcome } from './sample-outcome.js';

/** As people call the kinds of files. */
const SHORT_TYPES: Record<string, string> = {
  'text/plain': 'text',
  'text/markdown': 'Markdown',
  'text/html': 'HTML',
  'text/csv': 'CSV',
  'message/rfc822': 'e-mail',
  'application/pdf': 'PDF',
  'application/rtf': 'RTF',
  'application/vnd.oasis.opendocument.text': 'ODT',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'DOCX',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'XLSX',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'PPTX',
  'image/jpeg': 'JPEG scan',
};

const SAMPLES = fileURLToPath(new URL('../../samples/', import.meta.url));

/** Shows what Intake does, on real files through the real API. @returns whether every sample went through */
export async function tourSamples(url: string, terminal: Terminal): Promise<boolean> {
  const client = new IntakeClient({ url });
  const documents = await tourDocuments(client, join(SAMPLES, 'documents'), terminal);
  const images = await tourImages(client, join(SAMPLES, 'images'), terminal);
  return documents && images;
}

async function tourDocuments(client: IntakeClient, folder: string, terminal: Terminal): Promise<boolean> {
  const files = readdirSync(folder).toSorted();
  const outcomes = await followSamples(client, terminal, files, async (file) => {
    const fields = { document_id: `sample:${file}`, user_id: 'samples', file_name: file };
    return (await client.documents.upload(join(folder, file), fields)).task_id;
  });
  const headings = ['file', 'type', 'pages', 'characters', 'chunks', 'seconds', 'status'];
  terminal.out(renderTable(headings, outcomes.map(toRow)));
  await showSearch(client, terminal);
  return outcomes.every(({ task }) => task.status === 'completed');
}

function toRow({ file, task, seconds }: SampleOutcome): Cell[] {
  const { data } = DocumentResult.safeParse(task.result);
  const { content_type, pages, characters, chunks, unchanged } = data ?? {};
  const type = SHORT_TYPES[content_type ?? ''] ?? content_type;
  const said = statusOf(task, unchanged);
  return [file, type, pages, characters, chunks, Number(seconds.toFixed(1)), said];
}

async function showSearch(client: IntakeClient, terminal: Terminal): Promise<void> {
  const file = join(SAMPLES, 'questions.json');
  if (!existsSync(file)) return;
  const [first] = JSON.parse(readFileSync(file, 'utf8')) as Array<{ question: string }>;
  if (!first) return;
  const { hits } = await client.documents.search({ query: first.question, limit: 3 });
  terminal.out(`\nSearch: ${first.question}`);
  for (const { score, file_name, page, text } of hits) {
    terminal.out(
      `  ${score.toFixed(2)}  ${file_name}, page ${page}: ${text.replace(/\s+/g, ' ').slice(0, 140)}`,
    );
  }
}
