import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_EXTRACTION_LIMITS } from '../../src/engines/extraction/extraction-limits.js';
import { ScannedPages } from '../../src/engines/extraction/scanned-pages.js';
import { TextExtractor } from '../../src/engines/extraction/text-extractor.js';
import { Fault } from '../../src/kernel/fault.js';
import { DEFAULT_SANDBOX_OPTIONS, Sandbox } from '../../src/sandbox/sandbox.js';
import type { BadFile } from '../support/bad-file.js';
import { hostileFiles, mistakenFiles, writeBadFiles } from '../support/hostile-files.js';
import { watchChildren } from '../support/child-memory.js';
import { onePagePdf, pdfStream, textOnPage } from '../support/made-files.js';
import { openOcr } from '../support/ocr-engines.js';
import { printed } from '../support/scans.js';

const MIB = 1024 ** 2;
const LIMITS = { ...DEFAULT_EXTRACTION_LIMITS, timeoutMs: 3_000, memoryBytes: 300 * MIB };
/** What a child may allocate between two looks at it. */
const OVERSHOOT_BYTES = 200 * MIB;
/** A killed child, a new one, and a file of one page, on a busy machine. */
const NEXT_WITHIN_MS = 5_000;

const files = [...mistakenFiles(), ...hostileFiles()];
const sandbox = new Sandbox({ ...DEFAULT_SANDBOX_OPTIONS, size: 1 });
const ocr = openOcr();
const extractorIn = (place: Sandbox) =>
  new TextExtractor(place, LIMITS, new ScannedPages(place, ocr.engine, LIMITS));
const extractor = extractorIn(sandbox);
let written: Awaited<ReturnType<typeof writeBadFiles>>;
let goodPath: string;

beforeAll(async () => {
  written = await writeBadFiles(files);
  goodPath = join(written.folder, 'good');
  await writeFile(goodPath, onePagePdf(pdfStream(textOnPage('A good page'))));
  await writeFile(join(written.folder, 'warm'), await printed(['The engine is warm.']));
  await ocr.engine.read(join(written.folder, 'warm'));
});
afterAll(async () => {
  sandbox.onApplicationShutdown();
  ocr.close();
  await written.remove();
});

async function extractGood(): Promise<string> {
  const { pages } = await extractor.extract({ path: goodPath, fileName: 'good.pdf' });
  return pages[0].text;
}

async function endOf(file: BadFile): Promise<{ code?: string; retryable?: boolean; warnings: string[] }> {
  try {
    const path = written.paths[files.indexOf(file)];
    const document = await extractor.extract({ path, fileName: file.name });
    return { warnings: document.warnings.map(({ code }) => code) };
  } catch (error) {
    if (!Fault.is(error)) throw error;
    return { code: error.code, retryable: error.retryable, warnings: [] };
  }
}

describe.each(files.map((file) => [file.name.slice(-40), file] as const))('%s', (_name, file) => {
  it(`ends in ${file.faults.join(' or ') || (file.warning ?? 'its text')}, within limits, and the next file is read at once`, async () => {
    const stopWatching = watchChildren(sandbox);
    const startedMs = performance.now();
    const end = await endOf(file);
    const endedMs = performance.now();
    const mostBytes = await stopWatching();
    expect(await extractGood()).toBe('A good page');
    expect(performance.now() - endedMs).toBeLessThan(NEXT_WITHIN_MS);
    if (file.faults.length > 0) {
      expect(file.faults).toContain(end.code);
      expect(end.retryable).toBe(false);
    } else {
      expect(end.code).toBeUndefined();
      if (file.warning) expect(end.warnings).toContain(file.warning);
    }
    expect(endedMs - startedMs).toBeLessThan(LIMITS.timeoutMs + 2_000);
    expect(mostBytes).toBeLessThan(LIMITS.memoryBytes + OVERSHOOT_BYTES);
  });
});

it('has cost this process no memory that it keeps', async () => {
  await extractGood();
  globalThis.gc?.();
  const beforeBytes = process.memoryUsage.rss();
  const harmful = files.filter(({ name }) => /^(bomb|commas|parts)\./.test(name));
  for (const file of harmful) await endOf(file);
  await extractGood();
  globalThis.gc?.();
  expect(process.memoryUsage.rss()).toBeLessThan(beforeBytes * 1.2 + 32 * MIB);
});

it('reads many files at once, good ones and bad ones, each for itself', async () => {
  const wide = new Sandbox({ ...DEFAULT_SANDBOX_OPTIONS, size: 2 });
  const many = extractorIn(wide);
  const bad = files.filter(({ name }) => /^(bomb|deep|encrypted)\./.test(name));
  const badEnds = bad.map((file) =>
    many.extract({ path: written.paths[files.indexOf(file)], fileName: file.name }).then(
      () => undefined,
      (error: unknown) => (error as Fault).code,
    ),
  );
  const goodEnds = Array.from({ length: 20 }, () => many.extract({ path: goodPath, fileName: 'good.pdf' }));
  for (const { pages } of await Promise.all(goodEnds)) expect(pages[0].text).toBe('A good page');
  for (const [at, code] of (await Promise.all(badEnds)).entries()) expect(bad[at].faults).toContain(code);
  wide.onApplicationShutdown();
});

it('gives up at once when the task is cancelled', async () => {
  const stop = new AbortController();
  const loop = files.findIndex(({ name }) => name === 'far-row.xlsx');
  const running = extractor.extract(
    { path: written.paths[loop], fileName: 'x.xlsx' },
    { signal: stop.signal },
  );
  const startedMs = performance.now();
  stop.abort(new Error('cancelled'));
  await expect(running).rejects.toThrow('cancelled');
  expect(performance.now() - startedMs).toBeLessThan(1_000);
  expect(await extractGood()).toBe('A good page');
});
