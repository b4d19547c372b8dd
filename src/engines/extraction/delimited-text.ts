const DELIMITERS = [',', ';', '\t', '|'];
const SAMPLE_RECORDS = 100;

/**
 * Finds the delimiter of a table in text: the one that cuts the most records into the same number of cells.
 * @param expected a CSV is expected: rows may differ a little and one row is enough
 * @returns undefined when the text is no table
 */
export function delimiterOf(head: string, expected: boolean): string | undefined {
  const candidates = DELIMITERS.map((delimiter) => ({
    delimiter,
    ...regularity(countCells(head, delimiter)),
  }));
  const best = candidates.toSorted((one, other) => other.share - one.share || other.cells - one.cells)[0];
  if (!best) return undefined;
  return (expected ? best.share >= 0.8 : best.share === 1 && best.records >= 3) ? best.delimiter : undefined;
}

/** The share of records that have the commonest number of cells, which must be two or more. */
function regularity(counts: readonly number[]): { share: number; cells: number; records: number } {
  const frequency = new Map<number, number>();
  for (const count of counts) frequency.set(count, (frequency.get(count) ?? 0) + 1);
  const [cells, records] = [...frequency].toSorted((one, other) => other[1] - one[1])[0] ?? [0, 0];
  return { share: cells >= 2 ? records / counts.length : 0, cells, records: counts.length };
}

/** Cells per record; quotes hide delimiters and line ends. An unfinished last record does not count. */
function countCells(head: string, delimiter: string): number[] {
  const counts: number[] = [];
  let [cells, quoted, blank] = [1, false, true];
  for (const character of head.endsWith('\n') ? head : `${head}\n`) {
    if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (character === delimiter) cells += 1;
    else if (character === '\n') {
      if (!blank) counts.push(cells);
      [cells, blank] = [1, true];
      if (counts.length === SAMPLE_RECORDS) break;
      continue;
    }
    if (character.trim()) blank = false;
  }
  return counts;
}
