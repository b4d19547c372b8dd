/** Where a command writes: the real one, or a test's. */
export interface Terminal {
  /** One line, or several, without the last line's end. */
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Replaces the line at the bottom, beside what `out` prints; an empty one removes it. */
  readonly draw: (line: string) => void;
  /** Asks whoever sits there for a line; absent where nobody does. */
  readonly ask?: (question: string) => Promise<string>;
  /** Whether somebody watches. */
  readonly isTty: boolean;
}

/** Control characters in what others sent must not move the cursor or recolour the screen. */
export function harmless(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
}
