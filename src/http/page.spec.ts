import { expect, it } from 'vitest';
import { z } from 'zod';
import { Fault } from '../kernel/fault.js';
import { decodeCursor, encodeCursor, pageOf, toPage } from './page.js';

const Key = z.tuple([z.iso.datetime(), z.string()]);

it('a cursor gives back the sort key it was made of', () => {
  const key: z.output<typeof Key> = ['2026-01-31T12:00:00Z', 'ünïcode/🧾'];
  expect(encodeCursor(key)).toMatch(/^[\w-]+$/);
  expect(decodeCursor(encodeCursor(key), Key)).toEqual(key);
  expect(decodeCursor(undefined, Key)).toBeUndefined();
});

it.each(['', '!', 'bm9wZQ', encodeCursor(['yesterday', 'x']), encodeCursor({ $ne: null })])(
  'no other text is a cursor: %s',
  (cursor) => {
    const decode = () => decodeCursor(cursor, Key);
    expect(decode).toThrow(Fault);
    expect(decode).toThrow(expect.objectContaining({ code: 'request.invalid' }));
  },
);

it('walking the pages meets every row once and ends', () => {
  const rows = [1, 2, 3, 4, 5, 6, 7];
  const read = (after: number, limit: number) => rows.filter((row) => row > after).slice(0, limit + 1);
  const met: number[] = [];
  let cursor: string | null = encodeCursor(0);
  for (let pages = 0; cursor && pages < 10; pages += 1) {
    const page: { data: number[]; next_cursor: string | null } = toPage(
      read(decodeCursor(cursor, z.number()) ?? 0, 3),
      3,
      (row) => row,
    );
    met.push(...page.data);
    cursor = page.next_cursor;
  }
  expect(met).toEqual(rows);
  expect(cursor).toBeNull();
});

it('a full last page has no next one', () => {
  expect(toPage([1, 2, 3], 3, (row) => row).next_cursor).toBeNull();
  expect(toPage([], 3, (row: number) => row)).toEqual({ data: [], next_cursor: null });
});

it('a page is documented with the example of its item', () => {
  const Item = z.object({ id: z.string() }).meta({ examples: [{ id: 'a' }] });
  expect(pageOf(Item).meta()?.['examples']).toEqual([{ data: [{ id: 'a' }], next_cursor: null }]);
});
