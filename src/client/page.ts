import { z } from 'zod';

/** In one page. */
const MOST_ROWS = 200;

export interface PageOptions {
  /** 1 to 200; 50 when absent. */
  limit?: number;
  /** `next_cursor` of the page before. */
  cursor?: string;
}

export interface Page<Item> {
  data: Item[];
  /** `null` at the end. */
  next_cursor: string | null;
}

export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ data: z.array(item), next_cursor: z.string().nullable() });
}

/** All rows of a list, read page by page. @param read such as `(page) => client.tasks.events(id, page)` */
export async function everyRow<Row>(read: (page: PageOptions) => Promise<Page<Row>>): Promise<Row[]> {
  const rows: Row[] = [];
  for (let cursor: string | undefined; ;) {
    const { data, next_cursor } = await read({ limit: MOST_ROWS, cursor });
    rows.push(...data);
    if (next_cursor === null) return rows;
    cursor = next_cursor;
  }
}
