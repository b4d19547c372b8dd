import { readFile } from 'node:fs/promises';
import { getDocumentProxy } from 'unpdf';
import { Fault } from '../../kernel/fault.js';
import { TextBudget, type ReadDocument, type SniffedFile } from './document-reader.js';
import type { ExtractedPage, ExtractionWarning } from './extracted-document.js';

type Pdf = Awaited<ReturnType<typeof getDocumentProxy>>;
type PageContent = Awaited<ReturnType<Awaited<ReturnType<Pdf['getPage']>>['getTextContent']>>;

/** A step to the next line that is larger than this many line heights starts a paragraph. */
const PARAGRAPH_STEP = 1.7;
const SILENT = 0;

/** Page by page; a page that fails is a warning and stays empty. */
export async function readPdf({ path, limits }: SniffedFile): Promise<ReadDocument> {
  const pdf = await openPdf(path);
  const budget = new TextBudget(limits.characters);
  const pages: ExtractedPage[] = [];
  const warnings: ExtractionWarning[] = [];
  for (let number = 1; number <= pdf.numPages; number += 1) {
    const text = await readPage(pdf, number).catch((error: unknown) => {
      warnings.push({
        code: 'document.page_failed',
        detail: `Page ${number} could not be read: ${String(error)}`,
        page: number,
      });
      return '';
    });
    pages.push({ number, text: budget.spend(text) });
  }
  if (warnings.length === pages.length)
    throw new Fault('document.corrupt', 'No page of the document could be read.');
  return { pages, warnings, ...(await factsOf(pdf)) };
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

async function readPage(pdf: Pdf, number: number): Promise<string> {
  const page = await pdf.getPage(number);
  try {
    return pageText(await page.getTextContent());
  } finally {
    page.cleanup();
  }
}

/** Lines as the layout has them; a larger step down, or one up to the next column, starts a paragraph. */
function pageText({ items }: PageContent): string {
  let text = '';
  let above: { y: number; height: number } | null = null;
  for (const item of items) {
    if (!('str' in item)) continue;
    const line = { y: Number(item.transform[5]), height: item.height };
    if (item.str.trim()) {
      if (above && text.endsWith('\n') && startsParagraph(above, line)) text += '\n';
      above = line;
    }
    text += item.str + (item.hasEOL ? '\n' : '');
  }
  return text;
}

function startsParagraph(above: { y: number; height: number }, line: { y: number; height: number }): boolean {
  const step = above.y - line.y;
  return step < 0 || step > PARAGRAPH_STEP * Math.max(above.height, line.height);
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
