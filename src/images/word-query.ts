const WORD = /[\p{L}\p{N}]+/gu;
const MOST_WORDS = 32;
/** Shorter words are no plurals. */
const SHORTEST_PLURAL = 4;

/**
 * Any of a text's words, or of words that begin like one, as a tsquery of the configuration `simple`; more of them rank
 * higher. The `s` of a plural is left away.
 * @returns nothing for a text without words
 */
export function wordQuery(text: string): string {
  const words = text.toLowerCase().match(WORD) ?? [];
  const begins = words.map((word) => (word.length >= SHORTEST_PLURAL ? word.replace(/s$/, '') : word));
  return [...new Set(begins)]
    .slice(0, MOST_WORDS)
    .map((begin) => `${begin}:*`)
    .join(' | ');
}
