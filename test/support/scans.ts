import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { renderPdfPage } from '../../src/engines/extraction/pdf-page-picture.adapter.js';
import { pdf, pdfStream } from './made-files.js';

/** A page of A6, so that a test of OCR is quick; points. */
const PAGE = { width: 298, height: 420, margin: 30 };

export interface Print {
  /** One of the fonts that every reader of PDFs has. */
  font?: 'Helvetica' | 'Helvetica-Bold' | 'Times-Roman' | 'Times-Italic' | 'Courier';
  /** Points. */
  size?: number;
}

/** A PDF of one small page with these lines. */
export function printedPdf(lines: readonly string[], { font = 'Helvetica', size = 11 }: Print = {}): Buffer {
  const shown = lines.map((line) => `(${line.replace(/[\\()]/g, '\\$&')}) Tj T*`).join('\n');
  const top = PAGE.height - PAGE.margin - size;
  return pdf([
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${PAGE.width} ${PAGE.height}] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>`,
    pdfStream(`BT /F1 ${size} Tf ${size * 1.4} TL ${PAGE.margin} ${top} Td\n${shown}\nET`),
    `<< /Type /Font /Subtype /Type1 /BaseFont /${font} >>`,
  ]);
}

/** The same as a picture of 200 dots to the inch, a PNG. */
export async function printed(lines: readonly string[], print: Print = {}): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'printed-'));
  try {
    await writeFile(join(folder, 'page.pdf'), printedPdf(lines, print));
    await renderPdfPage(join(folder, 'page.pdf'), 1, join(folder, 'page.png'));
    return await readFile(join(folder, 'page.png'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What stands on a page of a scan: a picture, or text that was never on paper, or both. */
export interface ScanPage {
  picture?: Buffer;
  text?: string;
}

/** A PDF of pages as a scanner makes them, each a picture from edge to edge. */
export async function scannedPdf(pages: readonly ScanPage[]): Promise<Buffer> {
  const kids = pages.map((_, at) => `${4 + 3 * at} 0 R`).join(' ');
  const objects: (string | Buffer)[] = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  for (const [at, { picture, text }] of pages.entries()) {
    const jpeg = await sharp(picture ?? (await blank(8, 8)))
      .jpeg({ quality: 70 })
      .toBuffer();
    const { width, height } = await sharp(jpeg).metadata();
    const shown = picture ? `q ${PAGE.width} 0 0 ${PAGE.height} 0 0 cm /P Do Q` : '';
    const written = text ? `BT /F1 8 Tf 30 12 Td (${text}) Tj ET` : '';
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${PAGE.width} ${PAGE.height}] /Contents ${5 + 3 * at} 0 R /Resources << /Font << /F1 3 0 R >> /XObject << /P ${6 + 3 * at} 0 R >> >> >>`,
      pdfStream(`${shown} ${written}`),
      pdfStream(
        jpeg,
        `/Type /XObject /Subtype /Image /Width ${width} /Height ${height} /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode`,
      ),
    );
  }
  return pdf(objects);
}

/** White paper, a PNG. */
export function blank(width: number, height: number): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: 'white' } })
    .png()
    .toBuffer();
}

/** The share of characters that are right, runs of white space being one space. */
export function accuracy(read: string, truth: string): number {
  const [one, other] = [read, truth].map((text) => text.replace(/\s+/g, ' ').trim());
  return 1 - distance(one, other) / other.length;
}

/** Insertions, deletions and replacements that turn one text into the other (Levenshtein). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (const [down, letter] of one.split('').entries()) {
    const next = [down + 1];
    for (let at = 1; at <= other.length; at += 1) {
      const replaced = row[at - 1] + (letter === other[at - 1] ? 0 : 1);
      next.push(Math.min(row[at] + 1, next[at - 1] + 1, replaced));
    }
    row = next;
  }
  return row[other.length];
}
