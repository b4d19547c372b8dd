/** A run of text as a PDF places it; measures in points, `y` upwards. */
export interface PlacedText {
  text: string;
  x: number;
  y: number;
  width: number;
  height: number;
  rightToLeft: boolean;
  endsLine: boolean;
}

/** Text of a line up to the next wide gap. */
export interface Piece {
  text: string;
  left: number;
  right: number;
}

/** A line; its pieces in the order in which they are read. */
export interface Line {
  pieces: Piece[];
  y: number;
  height: number;
  rightToLeft: boolean;
}

/** A gap of so many line heights parts columns and cells; words are never so far apart. */
const WIDE_GAP = 1.5;
/** Words that a PDF places one by one have no blanks between them, only a gap. */
const WORD_GAP = 0.15;
const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}]/gu;
const LETTER = /\p{L}/gu;

/** Puts runs of text together into lines, in the order of the file. */
export function linesOf(runs: readonly PlacedText[]): Line[] {
  const lines: Line[] = [];
  let current: PlacedText[] = [];
  for (const run of runs) {
    current.push(run);
    if (!run.endsLine) continue;
    lines.push(...lineOf(current));
    current = [];
  }
  return [...lines, ...lineOf(current)];
}

function lineOf(runs: readonly PlacedText[]): Line[] {
  const visible = runs.filter(({ text }) => text.trim());
  const [first] = visible;
  if (!first) return [];
  const rightToLeft = readsRightToLeft(visible);
  const ordered = rightToLeft ? logicalOrder(visible) : runs;
  const height = Math.max(...visible.slice(0, 100).map((run) => run.height));
  return [{ pieces: piecesOf(ordered, height, rightToLeft), y: first.y, height, rightToLeft }];
}

function readsRightToLeft(runs: readonly PlacedText[]): boolean {
  if (!runs.some((run) => run.rightToLeft)) return false;
  const text = runs.map((run) => run.text).join('');
  const letters = text.match(LETTER)?.length ?? 0;
  return (text.match(RIGHT_TO_LEFT)?.length ?? 0) * 2 > letters;
}

/**
 * Programs write such a line as it is read, or as it is seen, from the left. Then it is read from the right, but for
 * neighbours that read from left to right: they keep their order.
 */
function logicalOrder(runs: readonly PlacedText[]): readonly PlacedText[] {
  const asRead = runs.filter((run) => run.rightToLeft);
  const asSeen = asRead.some((run, at) => run.x > (asRead[at - 1]?.x ?? Infinity));
  if (!asSeen) return runs;
  const out: PlacedText[] = [];
  let leftToRight: PlacedText[] = [];
  for (const run of runs.toSorted((one, other) => other.x - one.x)) {
    if (!run.rightToLeft) {
      leftToRight.unshift(run);
      continue;
    }
    out.push(...leftToRight, run);
    leftToRight = [];
  }
  return [...out, ...leftToRight];
}

function piecesOf(runs: readonly PlacedText[], height: number, rightToLeft: boolean): Piece[] {
  const pieces: Piece[] = [];
  let previous: PlacedText | null = null;
  for (const run of runs) {
    const piece = pieces.at(-1);
    if (!run.text.trim()) {
      if (piece) piece.text += run.text;
      continue;
    }
    const gap = previous ? gapBetween(previous, run) / (height || 1) : 0;
    if (!piece || gap > WIDE_GAP) pieces.push({ text: run.text, left: run.x, right: run.x + run.width });
    else {
      const apart = rightToLeft && gap > WORD_GAP && !/\s$/.test(piece.text) && !/^\s/.test(run.text);
      piece.text += (apart ? ' ' : '') + run.text;
      piece.left = Math.min(piece.left, run.x);
      piece.right = Math.max(piece.right, run.x + run.width);
    }
    previous = run;
  }
  return pieces;
}

/** The free room between two runs, whichever stands left. */
function gapBetween(one: PlacedText, other: PlacedText): number {
  return Math.max(other.x - (one.x + one.width), one.x - (other.x + other.width));
}
