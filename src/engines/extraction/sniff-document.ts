import { open, readFile } from 'node:fs/promises';
import { Fault } from '../../kernel/fault.js';
import type { SniffedFile } from './document-reader.js';
import type { DocumentType, ExtractionWarning, FileToExtract } from './extracted-document.js';
import type { ExtractionLimits } from './extraction-limits.js';
import { promisedType } from './promised-type.js';
import { decodeText, isTextual } from './text-encoding.js';
import { textKindOf } from './text-kind.js';

export interface Sniffed extends Omit<SniffedFile, 'path' | 'limits'> {
  contentType: DocumentType;
  warnings: ExtractionWarning[];
}

/** An entry, an archive without entries, and one in parts (APPNOTE 4.3). */
const ZIP_SIGNATURES = new Set(['PK\x03\x04', 'PK\x05\x06', 'PK\x07\x08']);
const PICTURES: readonly (readonly [string, DocumentType])[] = [
  ['\x89PNG\r\n\x1a\n', 'image/png'],
  ['\xff\xd8\xff', 'image/jpeg'],
  ['II*\0', 'image/tiff'],
  ['MM\0*', 'image/tiff'],
];
const HEAD_BYTES = 4_096;
/** Readers of PDF accept junk before the header, up to here. */
const PDF_HEADER_BYTES = 1_024;

/**
 * Finds out what a file is by its bytes alone; name and declared type only choose between kinds of text.
 * @throws Fault document.empty, document.unsupported; for office documents also document.encrypted, document.corrupt,
 * document.too_large, before anything is unpacked for good
 */
export async function sniffDocument(file: FileToExtract, limits: ExtractionLimits): Promise<Sniffed> {
  const head = await readHead(file.path);
  if (head.length === 0) throw new Fault('document.empty', 'The file has no bytes.');
  if (isPdf(head)) return binary('application/pdf');
  const picture = isTextual(head) ? undefined : pictureTypeOf(head);
  if (picture) return binary(picture);
  if (isRtf(head)) return binary('application/rtf');
  if (ZIP_SIGNATURES.has(head.toString('latin1', 0, 4))) {
    const { openOfficeContainer } = await import('./office-container.adapter.js');
    const { contentType, metadata } = await openOfficeContainer(file.path, limits);
    return { ...binary(contentType), metadata };
  }
  const bytes = await readFile(file.path);
  if (isTextual(bytes) && !isMarkupWeDoNotRead(head)) return textual(bytes, file, limits);
  throw await refusalOf(file.path, bytes);
}

async function readHead(path: string): Promise<Buffer> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

function isPdf(head: Buffer): boolean {
  const at = head.subarray(0, PDF_HEADER_BYTES).indexOf('%PDF-');
  return at !== -1 && (head.toString('latin1', 0, at).trim() === '' || !isTextual(head));
}

function pictureTypeOf(head: Buffer): DocumentType | undefined {
  const start = head.toString('latin1', 0, 12);
  if (start.startsWith('RIFF') && start.endsWith('WEBP')) return 'image/webp';
  return PICTURES.find(([signature]) => start.startsWith(signature))?.[1];
}

function isRtf(head: Buffer): boolean {
  return /^(\xef\xbb\xbf)?\s*\{\\rtf/.test(head.toString('latin1', 0, 64));
}

/** PostScript is text to the eye only. */
function isMarkupWeDoNotRead(head: Buffer): boolean {
  return /^\s*%!PS/.test(head.toString('latin1', 0, 64));
}

function binary(contentType: DocumentType): Sniffed {
  return { contentType, text: '', bytes: new Uint8Array(), metadata: {}, warnings: [] };
}

function textual(bytes: Buffer, file: FileToExtract, limits: ExtractionLimits): Sniffed {
  const { text, doubt } = decodeText(bytes);
  const contentType = textKindOf(text, promisedType(file));
  if (text.length > limits.characters && contentType !== 'text/html' && contentType !== 'message/rfc822') {
    throw new Fault(
      'document.too_large',
      `The text of the document has more than ${limits.characters} characters.`,
    );
  }
  const warnings: ExtractionWarning[] =
    doubt && contentType !== 'message/rfc822' ? [{ code: 'document.encoding', detail: doubt }] : [];
  return { contentType, text, bytes, metadata: {}, warnings };
}

/** A password turns an office document into an OLE container with this stream in it. */
async function refusalOf(path: string, bytes: Buffer): Promise<Fault> {
  if (bytes.includes(Buffer.from('EncryptedPackage', 'utf16le'))) {
    return new Fault(
      'document.encrypted',
      'The document is protected by a password; remove it and submit it again.',
    );
  }
  const { binaryKindOf } = await import('./binary-kind.adapter.js');
  const kind = await binaryKindOf(path);
  const supported =
    'PDF, DOCX, XLSX, PPTX, ODT, RTF, HTML, Markdown, CSV, EML, plain text, PNG, JPEG, TIFF and WebP are';
  return new Fault(
    'document.unsupported',
    `The bytes are ${kind ?? 'of an unknown kind'}, which is not supported; ${supported}.`,
  );
}
