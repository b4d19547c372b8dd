import { onePage, type ReadDocument, type SniffedFile } from './document-reader.js';

/** Plain text is what it is. */
export function readText({ text }: SniffedFile): ReadDocument {
  return { pages: onePage(text) };
}
