import { readFile } from 'node:fs/promises';
import { getDocumentProxy, getResolvedPDFJS } from 'unpdf';
import { Fault } from '../../kernel/fault.js';
import { TextBudget, type ReadDocument, type SniffedFile } from './document-reader.js';
import type { ExtractedPage, ExtractionWarning } from './extracted-document.js';
import { shareOfPage, type Drawing } from './page-pictures.js';
import type { PlacedText } from './pdf-lines.js';
import { pageText } from './pdf-page-text.js';

type Pdf = Awaited<ReturnType<typeof getDocumentProxy>>;
type Page = Awaited<ReturnType<Pdf['getPage']>>;
type PageContent = Awaited<ReturnType<Page['getTextContent']>>;

const SILENT = 0;
/** What a stamp or a page number on a scan may have, without spaces. */
const STAMP_LENGTH = 100;
/** A picture that covers so much of a page with hardly any text is a scan. */
const SCAN_SHARE = 0.5;

/** Page by page; a page that fails is a warning and stays empty, one without text of its own is left to OCR. */
export async function readPdf({ path, limits }: SniffedFile): Promise<ReadDocument> {
  const pdf = await openPdf(path);
  const budget = new TextBudget(limits.characters);
  const pages: ExtractedPage[] = [];
  const warnings: ExtractionWarning[] = [];
  const scans: number[] = [];
  for (let number = 1; number <= pdf.numPages; number += 1) {
    const { text, scanned } = await readPage(pdf, number).catch((error: unknown) => {
      warnings.push({
        code: 'document.page_failed',
        detail: `Page ${number} could not be read: ${String(error)}`,
        page: number,
      });
      return { text: '', scanned: false };
    });
    pages.push({ number, text: budget.spend(text) });
    if (scanned) scans.push(number);
  }
  if (warnings.length === pages.length)
    throw new Fault('document.corrupt', 'No page of the document could be read.');
  return { pages, scans, warnings, ...(await factsOf(pdf)) };
}

async function openPdf(path: string): Promise<Pdf> {
  try {
    return await getDocumentProxy(new Uint8Array(await readFile(path)), { verbosity: SILENT });
  } catch (error) {
    if (!(error instanceof Error && error.name === 'PasswordException')) throw error;
    throw new Fault(
      'document.encrypted',
      'The document is protected by a password; remove it and submit it again.',
    );
  }
}

async function readPage(pdf: Pdf, number: number): Promise<{ text: string; scanned: boolean }> {
  const page = await pdf.getPage(number);
  try {
    const text = pageText(placedTexts(await page.getTextContent()));
    return { text, scanned: await isScan(page, text) };
  } finally {
    page.cleanup();
  }
}

async function isScan(page: Page, text: string): Promise<boolean> {
  const length = text.replace(/\s/g, '').length;
  if (length === 0 || length > STAMP_LENGTH) return length === 0;
  const { OPS } = await getResolvedPDFJS();
  const { fnArray, argsArray } = await page.getOperatorList();
  const drawing: Drawing = fnArray.map((operator, at) => ({
    operator,
    args: argsArray[at] as unknown[] | null,
  }));
  const [left, bottom, right, top] = page.view as [number, number, number, number];
  return shareOfPage(drawing, (right - left) * (top - bottom), OPS) >= SCAN_SHARE;
}

function placedTexts({ items }: PageContent): PlacedText[] {
  return items.flatMap((item) =>
    'str' in item
      ? [
          {
            text: item.str,
            x: Number(item.transform[4]),
            y: Number(item.transform[5]),
            width: item.width,
            height: item.height,
            rightToLeft: item.dir === 'rtl',
            endsLine: item.hasEOL,
          },
        ]
      : [],
  );
}

/** Facts that are damaged cost no more than themselves. */
async function factsOf(pdf: Pdf): Promise<Pick<ReadDocument, 'title' | 'metadata'>> {
  const { info } = await pdf.getMetadata().catch(() => ({ info: {} }));
  const fact = (name: string) => {
    const value: unknown = (info as Record<string, unknown>)[name];
    return typeof value === 'string' ? value : undefined;
  };
  const metadata = { author: fact('Author'), subject: fact('Subject'), created_at: fact('CreationDate') };
  return { title: fact('Title'), metadata };
}
