import { z } from 'zod';

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
