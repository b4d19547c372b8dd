/** `0.4 s`, `12 s`, `3 min`, `5 h`: for people. */
export function seconds(ms: number): string {
  const s = Math.max(0, ms) / 1_000;
  if (s < 10) return `${Math.round(s * 10) / 10} s`;
  if (s < 120) return `${Math.round(s)} s`;
  return s < 7_200 ? `${Math.round(s / 60)} min` : `${Math.round(s / 3_600)} h`;
}

/** `1 task`, `3 tasks`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
