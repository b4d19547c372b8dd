/** How a list counts, as OpenDocument writes it: figures, letters or Roman numbers, small or large. */
export type NumberFormat = '1' | 'a' | 'A' | 'i' | 'I';

const ROMAN: readonly (readonly [number, string])[] = [
  [1000, 'm'],
  [900, 'cm'],
  [500, 'd'],
  [400, 'cd'],
  [100, 'c'],
  [90, 'xc'],
  [50, 'l'],
  [40, 'xl'],
  [10, 'x'],
  [9, 'ix'],
  [5, 'v'],
  [4, 'iv'],
  [1, 'i'],
];
/** Beyond it letters and Roman numbers only grow. */
const MAX_IN_LETTERS = 5_000;

/** The number of an item as its reader sees it: `3`, `c`, `III`. */
export function countAs(format: NumberFormat, count: number): string {
  if (format === '1' || count < 1 || count > MAX_IN_LETTERS) return String(count);
  const text = format.toLowerCase() === 'a' ? letters(count) : roman(count);
  return format === format.toUpperCase() ? text.toUpperCase() : text;
}

/** a to z, then aa to zz: the letter again and again, as office programs count. */
function letters(count: number): string {
  return String.fromCharCode(0x61 + ((count - 1) % 26)).repeat(Math.ceil(count / 26));
}

function roman(count: number): string {
  let [rest, text] = [count, ''];
  for (const [value, sign] of ROMAN) for (; rest >= value; rest -= value) text += sign;
  return text;
}
