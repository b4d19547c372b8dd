import type { ExtractedPage, ExtractionWarning } from './extracted-document.js';

/** More of them tell nobody anything. */
export const MAX_WARNINGS = 100;

/** One warning when no page has text. */
export function silenceOf(pages: readonly ExtractedPage[]): ExtractionWarning[] {
  if (pages.some(({ text }) => text !== '')) return [];
  return [{ code: 'document.no_text', detail: 'The document holds no text that could be read.' }];
}
