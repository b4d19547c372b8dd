// The engines alone on one core: no queue, no database, no storage, no sandbox; a file is begun when the one before is
// done. Answers each path that it is sent when that file's work is done.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { findProgram } from '../../src/config/find-program.js';
import { chunkDocument, embeddingText } from '../../src/documents/document-chunker.js';
import { MobilenetEncoder } from '../../src/engines/embeddings/mobilenet-encoder.adapter.js';
import { pictureVector } from '../../src/engines/embeddings/picture-vector.js';
import { UseLiteEncoder } from '../../src/engines/embeddings/use-lite-encoder.adapter.js';
import type { UnreadDocument } from '../../src/engines/extraction/extracted-document.js';
import { extractDocument } from '../../src/engines/extraction/extraction-job.js';
import { DEFAULT_EXTRACTION_LIMITS } from '../../src/engines/extraction/extraction-limits.js';
import { drawPage } from '../../src/engines/extraction/page-picture-job.js';
import { withScans, type ScanOutcome } from '../../src/engines/extraction/with-scans.js';
import { askTesseract, BUNDLED_TESSERACT } from '../../src/engines/ocr/find-tesseract.js';
import { readPicture as readWords } from '../../src/engines/ocr/ocr-job.js';
import { DEFAULT_OCR_LIMITS } from '../../src/engines/ocr/ocr-limits.js';
import { readPicture } from '../../src/engines/pictures/picture-job.js';
import { DEFAULT_PICTURE_LIMITS } from '../../src/engines/pictures/picture-limits.js';

const never = new AbortController().signal;
const begin = process.argv[2] === 'pictures' ? pictures : documents;
const work = await begin();
process.on('message', (path: string) => void work(path).then(() => process.send?.('done')));
process.send?.('ready');

async function pictures() {
  const encoder = await MobilenetEncoder.load();
  return async (path: string): Promise<void> => {
    const { embedderInput } = await readPicture({ file: { path }, limits: DEFAULT_PICTURE_LIMITS });
    const { pixels, colours, shapes } = embedderInput;
    pictureVector({ ...(await encoder.look(pixels)), colours, shapes });
  };
}

async function documents() {
  const encoder = await UseLiteEncoder.load();
  const program = await findProgram('tesseract');
  const { tesseract } = (program && (await askTesseract(program))) || BUNDLED_TESSERACT;
  const look = {
    frame: 0,
    layout: 'page',
    languages: ['eng'],
    tesseract,
    limits: DEFAULT_OCR_LIMITS,
  } as const;
  return async (path: string): Promise<void> => {
    const file = { path, fileName: basename(path) };
    const unread = await extractDocument({ file, limits: DEFAULT_EXTRACTION_LIMITS });
    const outcomes = await readScans(unread, path, (picture) => readWords({ ...look, path: picture }));
    const { pages, title } = withScans(unread, outcomes, 'the bench');
    const texts = chunkDocument(pages).map((chunk) => embeddingText(chunk, title));
    await encoder.encode(texts, never);
  };
}

async function readScans(
  { contentType, scans }: UnreadDocument,
  path: string,
  read: (path: string) => ReturnType<typeof readWords>,
): Promise<ScanOutcome[]> {
  if (scans.length === 0) return [];
  if (contentType !== 'application/pdf') return [{ number: 1, reading: await read(path) }];
  const folder = await mkdtemp(join(tmpdir(), 'intake-bench-scans-'));
  const outcomes: ScanOutcome[] = [];
  for (const page of scans) {
    const picturePath = join(folder, `${page}.png`);
    await drawPage({ path, page, picturePath });
    outcomes.push({ number: page, reading: await read(picturePath) });
  }
  await rm(folder, { recursive: true });
  return outcomes;
}
