import { readFileSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUNDLED_TESSERACT } from '../../src/engines/ocr/find-tesseract.js';
import type { OcrEngine, OcrOptions, OcrReading } from '../../src/engines/ocr/ocr-engine.js';
import { eventually } from '../support/eventually.js';
import { openOcr, tesseractCommand } from '../support/ocr-engines.js';
import { accuracy, blank, printed, type Print } from '../support/scans.js';

const LETTER = [
  'Quarry Lane Library, 14 May 2026',
  '',
  'Dear Mrs Okafor,',
  'the book "Bridges of the North" is due',
  'on 29 May. It was borrowed with card',
  'no. 4471-B; 3 books remain on loan.',
  'A fine of 0.25 euros a day is charged',
  'from the fourth day after that date.',
  '',
  'Opening hours: Tue-Fri 9:30 to 18:00.',
];
const TRUTH = LETTER.join('\n');
const PRINTS: Print[] = [
  { font: 'Helvetica', size: 11 },
  { font: 'Helvetica-Bold', size: 9 },
  { font: 'Times-Roman', size: 12 },
  { font: 'Times-Italic', size: 10 },
  { font: 'Courier', size: 8 },
];

const command = await tesseractCommand();
if (!command)
  console.warn('NOT RUN: the tests of the tesseract program; there is none on PATH that knows English.');
const engines = [BUNDLED_TESSERACT, ...(command ? [command] : [])];

const { width, height } = { width: 828, height: 1167 };
let folder: string;
let page: Buffer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ocr-spec-'));
  page = await printed(LETTER);
});
afterAll(() => rm(folder, { recursive: true }));

const readerOf =
  (engine: OcrEngine) =>
  async (bytes: Buffer, options: OcrOptions = {}): Promise<OcrReading> => {
    const path = join(folder, `${performance.now()}`);
    await writeFile(path, bytes);
    return engine.read(path, options);
  };
const wordIn = ({ lines }: OcrReading, text: string) =>
  lines.flatMap(({ words }) => words).find((word) => word.text.startsWith(text));

/** Grey of all shades, the same on every run. */
const grain = (length: number) =>
  Uint8Array.from(
    { length },
    (_, at) => Math.imul(Math.imul(at + 1, 0x9e3779b1) ^ (at >>> 3), 0x85ebca6b) >>> 24,
  );

describe.each(engines)('OCR: $name', (found) => {
  const { engine, metrics, close } = openOcr(found);
  const read = readerOf(engine);
  let straight: OcrReading;

  beforeAll(async () => {
    straight = await read(page);
  });
  afterAll(close);

  it('says what it is', () => {
    expect(engine.name).toMatch(/^tesseract(\.js)? \d/);
  });

  it.each(PRINTS)('reads $font of $size points', async (print) => {
    const reading = await read(await printed(LETTER, print));
    expect(accuracy(reading.text, TRUTH)).toBeGreaterThanOrEqual(0.95);
    expect(reading.confidence).toBeGreaterThan(0.85);
    expect(reading.rotation).toBe(0);
  });

  it('reads paragraphs, and tells where each word stands and how sure it is', async () => {
    const reading = straight;
    expect(reading).toMatchObject({ width, height });
    expect(reading.text).toContain('Dear Mrs Okafor,\n');
    expect(reading.text.split('\n\n').length).toBeGreaterThan(1);
    const words = reading.lines.flatMap((line) => line.words);
    expect(words.map(({ text }) => text).join(' ')).toBe(reading.text.replace(/\s+/g, ' '));
    for (const { confidence, box } of [...words, ...reading.lines]) {
      expect(confidence).toBeGreaterThan(0);
      expect(confidence).toBeLessThanOrEqual(1);
      expect(box.x + box.width).toBeLessThanOrEqual(width);
      expect(box.y + box.height).toBeLessThanOrEqual(height);
    }
    // The text begins 30 points from the left and the top, at 200 dots to the inch.
    const first = wordIn(reading, 'Quarry')?.box;
    expect(Math.abs((first?.x ?? 0) - 83)).toBeLessThan(6);
    expect(Math.abs((first?.y ?? 0) - 88)).toBeLessThan(12);
    expect(first?.height).toBeGreaterThan(15);
  });

  it.each([90, 180, 270] as const)('finds the way up of a picture turned by %i degrees', async (turn) => {
    const reading = await read(await sharp(page).rotate(turn).png().toBuffer());
    expect(reading).toMatchObject({ rotation: 360 - turn, width, height });
    expect(accuracy(reading.text, TRUTH)).toBeGreaterThanOrEqual(0.95);
    const [here, there] = [wordIn(straight, 'Opening'), wordIn(reading, 'Opening')];
    expect(Math.abs((here?.box.x ?? 0) - (there?.box.x ?? 1e9))).toBeLessThan(8);
    expect(Math.abs((here?.box.y ?? 0) - (there?.box.y ?? 1e9))).toBeLessThan(8);
  });

  it('levels a tilted page, and puts the words back where they were', async () => {
    const tilted = await sharp(page).rotate(3.4, { background: 'white' }).png().toBuffer();
    const reading = await read(tilted);
    expect(accuracy(reading.text, TRUTH)).toBeGreaterThanOrEqual(0.95);
    const frame = await sharp(tilted).metadata();
    expect([reading.width, reading.height]).toEqual([frame.width, frame.height]);
    const there = wordIn(reading, 'Opening')?.box;
    const here = wordIn(straight, 'Opening')?.box ?? { x: 0, y: 0, width: 0, height: 0 };
    const [sine, cosine] = [Math.sin((3.4 * Math.PI) / 180), Math.cos((3.4 * Math.PI) / 180)];
    const [right, down] = [here.x + here.width / 2 - width / 2, here.y + here.height / 2 - height / 2];
    const middle = {
      x: (there?.x ?? 0) + (there?.width ?? 0) / 2,
      y: (there?.y ?? 0) + (there?.height ?? 0) / 2,
    };
    expect(Math.abs(middle.x - (right * cosine - down * sine + reading.width / 2))).toBeLessThan(10);
    expect(Math.abs(middle.y - (right * sine + down * cosine + reading.height / 2))).toBeLessThan(10);
  });

  it('takes a block or a line for what it is, when told', async () => {
    const line = await sharp(page).extract({ left: 60, top: 70, width: 700, height: 60 }).png().toBuffer();
    for (const layout of ['line', 'block', 'sparse', 'page'] as const) {
      expect(accuracy((await read(line, { layout })).text, LETTER[0] ?? '')).toBeGreaterThanOrEqual(0.9);
    }
  });

  it('names the languages that it knows when asked for another', async () => {
    const asked = read(page, { languages: ['eng', 'tlh'] });
    await expect(asked).rejects.toMatchObject({
      code: 'ocr.language_unavailable',
      detail: expect.stringContaining('eng'),
    });
  });

  it('reads several pictures at once, each for itself', async () => {
    const texts = [
      'Alpha is the first',
      'Bravo is the second',
      'Charlie is the third',
      'Delta is the fourth',
    ];
    const pictures = await Promise.all(texts.map((text) => printed([text], { size: 16 })));
    const readings = await Promise.all(pictures.map((picture) => read(picture)));
    const firstWords = (all: string[]) => all.map((text) => text.split(' ')[0]);
    expect(firstWords(readings.map(({ text }) => text))).toEqual(firstWords(texts));
  });

  it.runIf(process.platform === 'linux')(
    'stops when it is told to, leaves no process behind, and reads on',
    async () => {
      const noisy = await sharp(grain(900 * 900), { raw: { width: 900, height: 900, channels: 1 } })
        .png()
        .toBuffer();
      const path = join(folder, 'noisy.png');
      await writeFile(path, noisy);
      const fresh = openOcr(found);
      const controller = new AbortController();
      const reading = fresh.engine.read(path, { signal: controller.signal });
      const pid = await eventually(() => fresh.sandbox.pids[0]);
      await eventually(() => livingInGroup(pid).length > 0);
      controller.abort(new Error('cancelled'));
      await expect(reading).rejects.toThrow('cancelled');
      await eventually(() => livingInGroup(pid).length === 0);
      await writeFile(path, page);
      expect((await fresh.engine.read(path)).text).toContain('Okafor');
      fresh.close();
    },
  );

  it('is killed when it takes too long', async () => {
    const hasty = openOcr(found, { timeoutMs: 30 });
    const path = join(folder, 'slow.png');
    await writeFile(path, page);
    await expect(hasty.engine.read(path)).rejects.toMatchObject({
      code: 'sandbox.timeout',
      retryable: false,
    });
    hasty.close();
  });

  it('times what it did', async () => {
    await expect(read(page.subarray(0, 2_000))).rejects.toMatchObject({ code: 'ocr.unreadable' });
    await expect(engine.read(folder, { signal: AbortSignal.abort(new Error('cancelled')) })).rejects.toThrow(
      'cancelled',
    );
    const text = await metrics.text();
    expect(text).toMatch(/intake_ocr_seconds_count\{[^}]*outcome="completed"\} \d+/);
    expect(text).toMatch(/intake_ocr_seconds_count\{[^}]*outcome="failed"\} \d+/);
    expect(text).toMatch(/intake_ocr_seconds_count\{[^}]*outcome="aborted"\} \d+/);
  });
});

/** What happens before an engine sees a picture is the same for all: the quickest shows it. */
describe('pictures of any make', () => {
  const { engine, close } = openOcr(engines.at(-1));
  const read = readerOf(engine);
  afterAll(close);

  it('obeys the orientation that a camera wrote down', async () => {
    const lying = await sharp(page).rotate(270).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    const reading = await read(lying);
    expect(reading).toMatchObject({ rotation: 0, width, height });
    expect(accuracy(reading.text, TRUTH)).toBeGreaterThanOrEqual(0.95);
  });

  it.each([
    ['a small one', () => sharp(page).resize(414).jpeg({ quality: 60 })],
    ['one of forty megapixels', () => sharp(page).resize(5_300).jpeg()],
    ['white on black', () => sharp(page).negate()],
    ['faint ink', () => sharp(page).linear(0.2, 190)],
    ['16 bits, with alpha', () => sharp(page).ensureAlpha().toColourspace('rgb16').png()],
    ['CMYK', () => sharp(page).toColourspace('cmyk').jpeg()],
    ['two levels', () => sharp(page).threshold(140).png({ palette: true, colours: 2 })],
    ['WebP', () => sharp(page).webp()],
  ])('reads %s', async (_name, picture) => {
    const bytes = await picture().toBuffer();
    const reading = await read(bytes);
    expect(accuracy(reading.text, TRUTH)).toBeGreaterThanOrEqual(0.95);
    const size = await sharp(bytes).metadata();
    expect([reading.width, reading.height]).toEqual([size.width, size.height]);
  });

  it('finds nothing in a blank picture, one of a pixel, and a blur', async () => {
    const clouds = await sharp(grain(24 * 18), { raw: { width: 24, height: 18, channels: 1 } })
      .png()
      .toBuffer();
    const cat = await sharp(clouds).resize(640, 480, { kernel: 'cubic' }).blur(2).jpeg().toBuffer();
    for (const bytes of [await blank(1_700, 2_200), await blank(1, 1), cat]) {
      const reading = await read(bytes);
      expect(reading.text.length).toBeLessThan(20);
      expect(reading.confidence).toBeLessThan(0.6);
    }
  });

  it.each([
    ['cut off', () => page.subarray(0, page.length / 2), 'ocr.unreadable'],
    ['text', () => Buffer.from('no picture'), 'ocr.unreadable'],
    ['empty', () => Buffer.alloc(0), 'ocr.unreadable'],
    [
      'a drawing',
      () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
      'ocr.unreadable',
    ],
  ])('refuses a file that is %s', async (_name, bytes, code) => {
    await expect(read(bytes())).rejects.toMatchObject({ code, retryable: false });
  });

  it('does not blame a picture for a file that is gone', async () => {
    await expect(engine.read(join(folder, 'gone.png'))).rejects.toThrow(/ENOENT/);
  });

  it('refuses more pixels than allowed before it decodes them', async () => {
    const bomb = await sharp({ create: { width: 12_000, height: 12_000, channels: 3, background: 'white' } })
      .png()
      .toBuffer();
    await expect(read(bomb)).rejects.toMatchObject({ code: 'ocr.too_large', retryable: false });
  });
});

/** Processes of a group, without those that are dead and not yet buried. */
function livingInGroup(group: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      // After the name in brackets: state, parent, group.
      const [state, , its] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      return Number(its) === group && state !== 'Z';
    } catch {
      return false; // it ended meanwhile
    }
  });
}
