import { Module } from '@nestjs/common';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { WorkerModule } from '../../src/apps/worker.module.js';
import { DocumentReading } from '../../src/documents/document-reading.js';
import { DocumentResult } from '../../src/documents/documents.contract.js';
import { DocumentsModule } from '../../src/documents/documents.module.js';
import { ProcessDocumentHandler } from '../../src/documents/process-document.handler.js';
import {
  DEFAULT_EXTRACTION_LIMITS,
  type ExtractionLimits,
} from '../../src/engines/extraction/extraction-limits.js';
import { ScannedPages } from '../../src/engines/extraction/scanned-pages.js';
import { TextExtractor } from '../../src/engines/extraction/text-extractor.js';
import { OcrEngine, type OcrOptions, type OcrReading } from '../../src/engines/ocr/ocr-engine.js';
import { Fault } from '../../src/kernel/fault.js';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { SandboxModule } from '../../src/sandbox/sandbox.module.js';
import { freshEnvironment, start, type TestApp } from '../support/apps.js';
import { eventually, type TestDatabase } from '../support/stack.js';
import { blank } from '../support/scans.js';

/** Reads the same on every page, and stumbles where a test wants it. */
class FakeOcr extends OcrEngine {
  override name = 'engine 1';
  asked: number[] = [];
  before: () => void | Promise<void> = () => undefined;

  override async read(_path: string, { frame = 0 }: OcrOptions = {}): Promise<OcrReading> {
    this.asked.push(frame + 1);
    await this.before();
    const text = `The tide table of page ${frame + 1}`;
    return { text, confidence: 0.9, width: 8, height: 8, rotation: 0, lines: [] };
  }
}

/** Pages that are at work at once, and so many more. */
const PAGES = availableParallelism() + 3;

const ocr = new FakeOcr();
const limits: { -readonly [K in keyof ExtractionLimits]: number } = { ...DEFAULT_EXTRACTION_LIMITS };
let folder: string;
let database: TestDatabase;
let app: TestApp;

@Module({
  imports: [DocumentsModule, SandboxModule],
  providers: [
    DocumentReading,
    ProcessDocumentHandler,
    {
      provide: TextExtractor,
      inject: [Sandbox],
      useFactory: (sandbox: Sandbox) =>
        new TextExtractor(sandbox, limits, new ScannedPages(sandbox, ocr, limits)),
    },
  ],
})
class ReadingModule {}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rereading-'));
  ({ database } = await freshEnvironment('postgres', { STORAGE_ROOT: folder }));
  const page = await blank(8, 8);
  const pages = await sharp(
    Array.from({ length: PAGES }, () => page),
    { join: { animated: true } },
  )
    .tiff()
    .toBuffer();
  writeFileSync(join(folder, 'scan.png'), page);
  for (const name of ['fax.tif', 'other.tif']) writeFileSync(join(folder, name), pages);
  writeFileSync(join(folder, 'note.txt'), 'High water is at noon.');
  app = await start(WorkerModule.of([ReadingModule]));
});
afterAll(async () => {
  await app?.close();
  await database?.drop();
  rmSync(folder, { recursive: true });
});
afterEach(() => Object.assign(ocr, { name: 'engine 1', asked: [], before: () => undefined }));

const send = async (name: string) => {
  const payload = { document_id: name, file_name: name, r2_key: name };
  const { status, result } = await app.settled(
    await app.submit(payload, { type: 'documents.process' }),
    60_000,
  );
  expect(status).toBe('completed');
  return DocumentResult.parse(result);
};

it('reads the same bytes again when another engine reads scans, but only where there are some', async () => {
  for (const name of ['scan.png', 'note.txt']) {
    expect(await send(name)).toMatchObject({ unchanged: false });
    expect(await send(name)).toMatchObject({ unchanged: true });
  }
  ocr.name = 'engine 2';
  expect(await send('scan.png')).toMatchObject({ unchanged: false });
  expect(await send('note.txt')).toMatchObject({ unchanged: true });
  expect(await send('scan.png')).toMatchObject({ unchanged: true });
  expect(ocr.asked).toEqual([1, 1]);
});

it('says which pages the time did not suffice for, and tries them when the bytes come again', async () => {
  limits.scansMs = 300;
  ocr.before = async () => {
    const begunMs = performance.now();
    await eventually(() => performance.now() - begunMs > limits.scansMs);
  };
  const cutOff = await send('fax.tif');
  const read = ocr.asked.length;
  const left = `${read} of ${PAGES} scanned pages.*not read: ${read + 1}-${PAGES}\\.$`;
  expect(cutOff.warnings).toEqual([
    { code: 'document.ocr_incomplete', detail: expect.stringMatching(left) as string },
  ]);
  expect(read).toBeLessThan(PAGES);

  Object.assign(limits, DEFAULT_EXTRACTION_LIMITS);
  ocr.before = () => undefined;
  expect(await send('fax.tif')).toMatchObject({ unchanged: false, warnings: [] });
  expect(await send('fax.tif')).toMatchObject({ unchanged: true, warnings: [] });
  expect(ocr.asked).toHaveLength(read + PAGES);
});

it('tries again what failed for a reason that may pass, and only that', async () => {
  const failing = (code: 'ocr.unavailable' | 'sandbox.timeout') => () => {
    if (ocr.asked.at(-1) === 1) throw new Fault(code, 'It broke.');
  };
  const failed = [{ code: 'document.page_failed', page: 1 }];
  ocr.before = failing('ocr.unavailable');
  expect(await send('other.tif')).toMatchObject({ unchanged: false, warnings: failed });
  ocr.before = failing('sandbox.timeout');
  expect(await send('other.tif')).toMatchObject({ unchanged: false, warnings: failed });
  expect(await send('other.tif')).toMatchObject({ unchanged: true, warnings: failed });
});
