import type { DocumentReader } from './document-reader.js';
import type { DocumentType } from './extracted-document.js';

const picture = async () => (await import('./picture-reader.adapter.js')).readPictureFile;

/** The reader of each kind, loaded when the first file of that kind comes. */
export const READERS: Record<DocumentType, () => Promise<DocumentReader>> = {
  'text/plain': async () => (await import('./text-reader.js')).readText,
  'text/markdown': async () => (await import('./markdown-reader.js')).readMarkdown,
  'text/html': async () => (await import('./html-reader.adapter.js')).readHtml,
  'text/csv': async () => (await import('./csv-reader.adapter.js')).readCsv,
  'message/rfc822': async () => (await import('./eml-reader.adapter.js')).readEml,
  'application/pdf': async () => (await import('./pdf-reader.adapter.js')).readPdf,
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': async () =>
    (await import('./docx-reader.js')).readDocx,
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': async () =>
    (await import('./xlsx-reader.adapter.js')).readXlsx,
  'image/png': picture,
  'image/jpeg': picture,
  'image/tiff': picture,
  'image/webp': picture,
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': async () =>
    (await import('./pptx-reader.js')).readPptx,
  'application/vnd.oasis.opendocument.text': async () => (await import('./odt-reader.js')).readOdt,
  'application/rtf': async () => (await import('./rtf-reader.js')).readRtf,
};
