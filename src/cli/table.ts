import Table from 'cli-table3';
import { harmless } from './terminal.js';

export type Cell = string | number | boolean | null | undefined;

const EDGES = [
  'top',
  'top-mid',
  'top-left',
  'top-right',
  'bottom',
  'bottom-mid',
  'bottom-left',
  'bottom-right',
];
const LINES = ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'];
const PLAIN = {
  chars: { ...Object.fromEntries([...EDGES, ...LINES].map((name) => [name, ''])), middle: '  ' },
  style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
};

/** Columns without lines, so that other programs can cut them; numbers stand to the right. */
export function renderTable(head: readonly string[], rows: ReadonlyArray<readonly Cell[]>): string {
  const colAligns = head.map<'left' | 'right'>((_, at) =>
    typeof rows[0]?.[at] === 'number' ? 'right' : 'left',
  );
  const grid = new Table({ ...PLAIN, head: [...head], colAligns });
  grid.push(...rows.map((row) => row.map(textOf)));
  return linesOf(grid);
}

/** One thing, a fact a line. */
export function renderFacts(entries: Readonly<Record<string, Cell>>): string {
  const grid = new Table(PLAIN);
  grid.push(...Object.entries(entries).map(([name, cell]) => [name, textOf(cell)]));
  return linesOf(grid);
}

/** Shortens what would make a table wrap. */
export function shorten(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/** `2026-11-20 10:15:00`, in UTC. */
export function moment(iso: string | null): string | null {
  return iso && `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;
}

export function duration(ms: number | null): string | null {
  if (ms === null) return null;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 120_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`;
}

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)} MB`;
}

function textOf(cell: Cell): string {
  return cell === null || cell === undefined || cell === '' ? '-' : harmless(String(cell));
}

function linesOf(grid: { toString(): string }): string {
  const lines = grid.toString().split('\n');
  return lines.map((line) => line.trimEnd()).join('\n');
}
