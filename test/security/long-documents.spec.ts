import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEFAULT_EXTRACTION_LIMITS } from '../../src/engines/extraction/extraction-limits.js';
import { ScannedPages } from '../../src/engines/extraction/scanned-pages.js';
import { TextExtractor } from '../../src/engines/extraction/text-extractor.js';
import { DEFAULT_SANDBOX_OPTIONS, Sandbox } from '../../src/sandbox/sandbox.js';
import { longDocuments, type LongDocument } from '../support/long-documents.js';
import { openOcr } from '../support/ocr-engines.js';
import { rtfFile } from '../support/office-files.js';

const sandbox = new Sandbox({ ...DEFAULT_SANDBOX_OPTIONS, size: 1 });
/** The limits of production bound time and memory: a child that exceeds them is killed, and its test fails. */
const ocr = openOcr();
const extractor = new TextExtractor(
  sandbox,
  DEFAULT_EXTRACTION_LIMITS,
  new ScannedPages(sandbox, ocr.engine, DEFAULT_EXTRACTION_LIMITS),
);
let folder: string;
let documents: LongDocument[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'long-documents-'));
  documents = await longDocuments();
});
afterAll(async () => {
  sandbox.onApplicationShutdown();
  ocr.close();
  await rm(folder, { recursive: true });
});

async function read(name: string, bytes: Buffer) {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return extractor.extract({ path, fileName: name });
}

it.each(['txt', 'md', 'html', 'csv', 'eml', 'docx', 'odt', 'rtf', 'pdf', 'pptx', 'xlsx'])(
  'reads 300 pages of %s to the letter, within the limits',
  async (kind) => {
    const document = documents.find(({ name }) => name.endsWith(`.${kind}`));
    if (!document) throw new Error(`no long ${kind}`);
    const { pages, warnings } = await read(document.name, document.bytes);
    expect(pages.map(({ text }) => text)).toEqual(document.truth);
    expect(warnings).toEqual([]);
  },
);

it('steps over a picture of a hundred megabytes in an RTF, within the limits', async () => {
  const picture = Buffer.concat([
    Buffer.from('{\\pict\\pngblip '),
    Buffer.alloc(100_000_000, 'a'),
    Buffer.from('}'),
  ]);
  const [before, after] = [rtfFile('Before '), Buffer.from('and after}')];
  const { pages } = await read('picture.rtf', Buffer.concat([before.subarray(0, -1), picture, after]));
  expect(pages).toEqual([{ number: 1, text: 'Before and after' }]);
});
