import { storableText } from '../../kernel/storable.js';
import { normalise } from './word-match.js';

/** Services refuse what is empty, and what is no text. */
export function presentable(text: string): string {
  return storableText(text) || ' ';
}

/** Cuts a text into as few pieces of at most `max` UTF-16 units as will hold it, of nearly equal length. */
export function cutText(text: string, max: number): string[] {
  const count = Math.max(1, Math.ceil(text.length / max));
  const cuts = Array.from({ length: count + 1 }, (_, at) =>
    wholeCharacter(text, Math.floor((at * text.length) / count)),
  );
  return Array.from({ length: count }, (_, at) => text.slice(cuts[at], cuts[at + 1]));
}

/** The unit vector between unit vectors; of one, itself. */
export function meanDirection(vectors: readonly Float32Array[]): Float32Array {
  const [first] = vectors;
  if (vectors.length === 1) return first;
  const sum = first.map((_, at) => vectors.reduce((total, vector) => total + vector[at], 0));
  if (sum.every((value) => value === 0)) return first;
  normalise(sum);
  return sum;
}

/** A character of two units is not cut in half. */
function wholeCharacter(text: string, at: number): number {
  const isSecondHalf = /[\udc00-\udfff]/.test(text.charAt(at)) && /[\ud800-\udbff]/.test(text.charAt(at - 1));
  return isSecondHalf ? at - 1 : at;
}
