import { z } from 'zod';
import { Fault } from '../kernel/fault.js';
import type { Json } from '../kernel/json.js';

const MAX_LIMIT = 200;
const DEFAULT_LIMIT = 50;

/** The query of every list; extend it with a list's own filters. Unknown keys are faults. */
export const PageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT).describe('Rows in one answer'),
  cursor: z.string().max(2_048).optional().describe('`next_cursor` of the answer before; opaque'),
});

/** The body of every list: `{ data, next_cursor }`; its example is made from the item's. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  const examples = item.meta()?.examples as readonly unknown[] | undefined;
  return z
    .object({
      data: z.array(item),
      next_cursor: z.string().nullable().describe('Give it as `cursor` to read on; null at the end'),
    })
    .meta(examples ? { examples: [{ data: examples.slice(0, 1), next_cursor: null }] } : {});
}

/** Packs a row's sort key into text that callers give back unread. */
export function encodeCursor(sortKey: Json): string {
  return Buffer.from(JSON.stringify(sortKey)).toString('base64url');
}

/**
 * The sort key that a cursor holds, checked against its schema.
 * @throws Fault request.invalid for text that is no cursor of this list
 */
export function decodeCursor<Key extends z.ZodType>(
  cursor: string | undefined,
  sortKey: Key,
): z.output<Key> | undefined {
  if (cursor === undefined) return undefined;
  const parsed = sortKey.safeParse(fromBase64Json(cursor));
  if (parsed.success) return parsed.data;
  const message = 'is not a cursor of this list; give the next_cursor of its last answer, or leave it out';
  throw new Fault('request.invalid', 'The cursor cannot be used.', { errors: [{ path: 'cursor', message }] });
}

/**
 * Cuts a page out of rows that were read with `limit + 1`, so that no count is needed to know if more follow.
 * @param sortKeyOf the key that the next page starts after
 */
export function toPage<Row>(rows: readonly Row[], limit: number, sortKeyOf: (row: Row) => Json) {
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { data, next_cursor: more ? encodeCursor(sortKeyOf(last)) : null };
}

function fromBase64Json(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    return undefined;
  }
}
