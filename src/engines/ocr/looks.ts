import type { OcrWord, Rotation } from './ocr-engine.js';
import { confidenceOf, parseTsv, type TsvLine } from './tesseract-tsv.js';

export interface Attempt {
  rotation: Rotation;
  threshold: 'otsu' | 'sauvola';
}

export interface Seen extends Attempt {
  lines: TsvLine[];
  confidence: number;
}

/** Below this another way to tell ink from paper is tried. */
const GOOD = 0.85;
/** Below this the picture may lie on its side, or upside down. */
const DOUBTFUL = 0.6;
/** Which ways up to try, the likeliest first: of a picture whose lines are level, and of one that lies on its side. */
const ROTATIONS = { level: [0, 180, 90, 270], sideways: [90, 270, 0, 180] } as const;
const QUARTER_BACK = { 0: 270, 90: 0, 180: 90, 270: 180 } as const;

/**
 * Looks at a picture until it reads well: as it lies, then with a threshold for each neighbourhood, then turned. A look
 * that reads well ends the search, and so does running out of patience, or seeing nothing twice.
 * @param look one look, which answers with Tesseract's TSV
 * @returns the look that saw the most good words with the most confidence
 */
export async function readBest(
  look: (attempt: Attempt) => Promise<string>,
  { sideways, patienceMs }: { sideways: boolean; patienceMs: number },
): Promise<Seen> {
  const startedMs = performance.now();
  const [first, ...others] = ROTATIONS[sideways ? 'sideways' : 'level'];
  const attempts: Attempt[] = [
    { rotation: first, threshold: 'sauvola' },
    ...others.map((rotation) => ({ rotation, threshold: 'otsu' as const })),
  ];
  let best = await see(look, { rotation: first, threshold: 'otsu' });
  for (const [at, attempt] of attempts.entries()) {
    const enough =
      at === 0 ? best.confidence >= GOOD : best.confidence >= DOUBTFUL || best.lines.length === 0;
    if (enough || performance.now() - startedMs > patienceMs) break;
    best = better(best, await see(look, attempt));
  }
  return readsDownwards(best) ? see(look, { ...best, rotation: QUARTER_BACK[best.rotation] }) : best;
}

/** Tesseract reads lines that run downwards too, but then the picture does not stand upright. */
function readsDownwards({ lines }: Seen): boolean {
  const downwards = lines.filter(({ text, box }) => text.length > 3 && box.height > box.width);
  return downwards.length > lines.length / 2;
}

async function see(look: (attempt: Attempt) => Promise<string>, attempt: Attempt): Promise<Seen> {
  const lines = parseTsv(await look(attempt));
  return { ...attempt, lines, confidence: confidenceOf(wordsOf(lines)) };
}

function better(one: Seen, other: Seen): Seen {
  return worthOf(other) > worthOf(one) ? other : one;
}

/** Confidence by the number of letters in good words. */
function worthOf({ lines, confidence }: Seen): number {
  const good = wordsOf(lines).filter(isGood);
  return confidence * good.reduce((sum, { text }) => sum + text.length, 0);
}

/** A word that an engine is rather sure of and that has letters or digits in it. */
function isGood({ text, confidence }: OcrWord): boolean {
  return confidence >= DOUBTFUL && /[\p{L}\p{N}]{2}/u.test(text);
}

function wordsOf(lines: readonly TsvLine[]): OcrWord[] {
  return lines.flatMap(({ words }) => words);
}
