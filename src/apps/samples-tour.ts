import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IntakeClient } from '../client/intake-client.js';
import type { Terminal } from '../cli/terminal.js';
import { drawProgress } from '../cli/progress.js';
import { renderTable, type Cell } from '../cli/table.js';
import { DocumentResult } from '../documents/documents.contract.js';

const SAMPLES = fileURLToPath(new URL('../../samples/', import.meta.url));
const SAMPLE_TIMEOUT_MS = 300_000;

interface Outcome {
  file: string;
  status: string;
  seconds: number;
  result: DocumentResult | null;
  error: string | null;
}

/** Shows what Intake does, on real files through the real API. @returns whether every sample went through */
export async function tourSamples(url: string, terminal: Terminal): Promise<boolean> {
  const client = new IntakeClient({ url });
  const files = readdirSync(join(SAMPLES, 'documents')).toSorted();
  const progress = drawProgress(terminal, files.length);
  const outcomes = await Promise.all(
    files.map((file) => processSample(client, file).finally(() => progress.tick())),
  );
  progress.end();
  terminal.out(
    renderTable(['file', 'type', 'pages', 'characters', 'chunks', 'seconds', 'status'], outcomes.map(toRow)),
  );
  await showSearch(client, terminal);
  return outcomes.every(({ status }) => status === 'completed');
}

async function processSample(client: IntakeClient, file: string): Promise<Outcome> {
  const startMs = performance.now();
  const path = join(SAMPLES, 'documents', file);
  const { task_id } = await client.documents.upload(path, {
    document_id: `sample:${file}`,
    user_id: 'samples',
    file_name: file,
  });
  const task = await client.waitFor(task_id, { timeoutMs: SAMPLE_TIMEOUT_MS });
  const result = DocumentResult.safeParse(task.result);
  return {
    file,
    status: task.status,
    seconds: (performance.now() - startMs) / 1_000,
    result: result.success ? result.data : null,
    error: task.error?.message ?? null,
  };
}

function toRow({ file, status, seconds, result, error }: Outcome): Cell[] {
  const said = [status, ...(result?.unchanged ? ['unchanged'] : []), ...(error ? [error] : [])].join(', ');
  const { content_type, pages, characters, chunks } = result ?? {};
  return [file, shortType(content_type ?? ''), pages, characters, chunks, Number(seconds.toFixed(1)), said];
}

/** The part of a media type that people recognise. */
function shortType(type: string): string {
  return type.replace(/^.*(wordprocessingml|spreadsheetml).*$/, '$1').replace(/^[^/]*\//, '');
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
