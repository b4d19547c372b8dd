/**
 * Cuts a sequence of tokens into as few windows of at most `max` tokens as will hold it, of nearly equal length, so
 * that no window is a mere leftover. An empty sequence is one empty window.
 */
export function tokenWindows(tokens: readonly number[], max: number): number[][] {
  const count = Math.max(1, Math.ceil(tokens.length / max));
  return Array.from({ length: count }, (_, at) =>
    tokens.slice(Math.floor((at * tokens.length) / count), Math.floor(((at + 1) * tokens.length) / count)),
  );
}
