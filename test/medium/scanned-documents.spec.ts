import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  DEFAULT_EXTRACTION_LIMITS,
  type ExtractionLimits,
} from '../../src/engines/extraction/extraction-limits.js';
import { ScannedPages, type ScanOptions } from '../../src/engines/extraction/scanned-pages.js';
import { TextExtractor } from '../../src/engines/extraction/text-extractor.js';
import type { OcrEngine, OcrOptions } from '../../src/engines/ocr/ocr-engine.js';
import { Fault } from '../../src/kernel/fault.js';
import { DEFAULT_SANDBOX_OPTIONS, Sandbox } from '../../src/sandbox/sandbox.js';
import { eventually } from '../support/eventually.js';
import { openOcr } from '../support/ocr-engines.js';
import { accuracy, blank, printed, scannedPdf } from '../support/scans.js';

const SAMPLES = new URL('../../samples/', import.meta.url);
const LINES = [
  ['The ferry to Hallow Island', 'leaves at 7:40 and 16:15.'],
  ['Bicycles travel free of charge', 'on weekdays outside July.'],
];
const truthOf = (at: number) => LINES[at]?.join('\n') ?? '';

describe('documents of pictures', () => {
  const sandbox = new Sandbox(DEFAULT_SANDBOX_OPTIONS);
  const ocr = openOcr();
  let folder: string;
  let pictures: Buffer[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scans-spec-'));
    pictures = await Promise.all(LINES.map((lines) => printed(lines, { size: 14 })));
  });
  afterAll(async () => {
    sandbox.onApplicationShutdown();
    ocr.close();
    await rm(folder, { recursive: true });
  });

  const extract = async (
    name: string,
    bytes: Buffer,
    options: ScanOptions & { limits?: Partial<ExtractionLimits>; engine?: OcrEngine } = {},
  ) => {
    const path = join(folder, 'source');
    await writeFile(path, bytes);
    const limits = { ...DEFAULT_EXTRACTION_LIMITS, ...options.limits };
    const scans = new ScannedPages(sandbox, options.engine ?? ocr.engine, limits);
    return new TextExtractor(sandbox, limits, scans).extract({ path, fileName: name }, options);
  };
  const codes = ({ warnings }: { warnings: { code: string }[] }) => warnings.map(({ code }) => code);
  /** The real engine, told what it is asked, and stopped where a test wants it. */
  const watched = (before: (path: string, options: OcrOptions) => void) =>
    ({
      name: ocr.engine.name,
      read: (path: string, options: OcrOptions = {}) => {
        before(path, options);
        return ocr.engine.read(path, options);
      },
    }) as OcrEngine;

  it('reads the scanned pages of a PDF beside its typed ones, and tells how far it is', async () => {
    const heard: string[] = [];
    const bytes = await scannedPdf([
      { picture: pictures[0] },
      { text: `A page of text. ${'It was never on paper. '.repeat(6)}` },
      { picture: pictures[1], text: 'Scan 0007' },
    ]);
    const document = await extract('mixed.pdf', bytes, {
      onScan: (done, all) => heard.push(`${done}/${all}`),
    });
    expect(document.contentType).toBe('application/pdf');
    expect(document.warnings).toEqual([]);
    expect(document.pages.map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(accuracy(document.pages[0]?.text ?? '', truthOf(0))).toBeGreaterThanOrEqual(0.95);
    expect(document.pages[1]?.text).toContain('never on paper');
    // The stamp is in the picture of the page, too.
    expect(document.pages[2]?.text).toContain('Scan 0007');
    expect(document.pages[2]?.text).toContain('Bicycles');
    expect(heard).toEqual(['1/2', '2/2']);
    expect(document).not.toHaveProperty('scans');
  });

  it.each(['png', 'jpeg', 'webp'] as const)('reads a picture that comes as %s', async (format) => {
    const bytes = await sharp(pictures[0]).toFormat(format).toBuffer();
    const document = await extract(`notice.${format}`, bytes);
    expect(document).toMatchObject({ contentType: `image/${format}`, warnings: [] });
    expect(accuracy(document.pages[0]?.text ?? '', truthOf(0))).toBeGreaterThanOrEqual(0.95);
  });

  it('reads each picture of a TIFF as a page', async () => {
    const bytes = await sharp(pictures, { join: { animated: true } })
      .tiff()
      .toBuffer();
    const document = await extract('fax.tif', bytes);
    expect(document).toMatchObject({ contentType: 'image/tiff', warnings: [] });
    for (const at of [0, 1]) {
      expect(accuracy(document.pages[at]?.text ?? '', truthOf(at))).toBeGreaterThanOrEqual(0.95);
    }
  });

  it.each([
    ['boiler-inspection.pdf', 'boiler-inspection.md'],
    ['lost-parrot.jpg', 'lost-parrot.md'],
  ])('reads the sample %s as it was written', async (file, source) => {
    const sample = (path: string) => readFileSync(new URL(path, SAMPLES));
    const document = await extract(file, sample(`documents/${file}`));
    expect(document.warnings).toEqual([]);
    const text = document.pages.map((page) => page.text).join('\n');
    const truth = sample(`sources/${source}`).toString().replaceAll('#', '');
    expect(accuracy(text.replace(/Page .{1,8}$/, ''), truth)).toBeGreaterThanOrEqual(0.95);
  });

  it('tells a picture by its bytes, and finds none in a blank one', async () => {
    const document = await extract('letter.pdf', await blank(900, 1_200));
    expect(document.contentType).toBe('image/png');
    expect(codes(document)).toEqual(['document.type_mismatch', 'document.no_text']);
  });

  it.each([
    ['cut off', async () => (pictures[0] ?? Buffer.alloc(0)).subarray(0, 5_000), 'document.corrupt'],
    ['a bomb', () => blank(9_000, 9_000), 'document.too_large'],
  ] as const)('refuses a picture that is %s', async (_name, bytes, code) => {
    await expect(extract('x.png', await bytes())).rejects.toMatchObject({ code, retryable: false });
  });

  it('stops at so many pages of a long scan, and says so', async () => {
    const bytes = await scannedPdf(Array.from({ length: 300 }, () => ({ picture: pictures[0] })));
    const document = await extract('archive.pdf', bytes, { limits: { scannedPages: 2 } });
    expect(document.pages).toHaveLength(300);
    expect(document.pages.filter(({ text }) => text !== '')).toHaveLength(2);
    expect(document.warnings).toMatchObject([
      { code: 'document.ocr_incomplete', detail: expect.stringContaining('2 of 300') },
    ]);
  });

  it('begins no page when the time is up', async () => {
    const bytes = await scannedPdf([{ picture: pictures[0] }, { text: 'Typed. '.repeat(30) }]);
    const document = await extract('late.pdf', bytes, { limits: { scansMs: -1 } });
    expect(codes(document)).toEqual(['document.ocr_incomplete']);
    expect(document.pages[1]?.text).toContain('Typed.');
  });

  it('completes without a page that fails, and tries once more what may pass', async () => {
    const bytes = await scannedPdf([
      { picture: pictures[0] },
      { picture: pictures[1] },
      { picture: pictures[0] },
    ]);
    const asked: number[] = [];
    const engine = watched((path) => {
      const page = Number(/(\d+)\.png$/.exec(path)?.[1]);
      asked.push(page);
      if (page === 1) throw new Fault('sandbox.out_of_memory', 'Too much.');
      if (page === 2 && asked.filter((one) => one === 2).length === 1)
        throw new Fault('sandbox.crashed', 'Gone.');
    });
    const document = await extract('half.pdf', bytes, { engine });
    expect(document.warnings).toEqual([
      { code: 'document.page_failed', detail: 'Page 1 could not be read: Too much.', page: 1 },
    ]);
    expect(document.pages.map(({ text }) => text !== '')).toEqual([false, true, true]);
    expect(asked.toSorted((one, other) => one - other)).toEqual([1, 2, 2, 3]);
  });

  it('stops when it is told to, and takes its pictures away', async () => {
    const controller = new AbortController();
    let drawn = '';
    const engine = watched((path) => {
      drawn = path;
      controller.abort(new Error('cancelled'));
    });
    const bytes = await scannedPdf(Array.from({ length: 20 }, () => ({ picture: pictures[0] })));
    const extracting = extract('x.pdf', bytes, { engine, signal: controller.signal });
    await expect(extracting).rejects.toThrow('cancelled');
    expect(drawn).toMatch(/\.png$/);
    await eventually(() => !existsSync(dirname(drawn)));
  });
});
