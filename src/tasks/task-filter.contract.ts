import { z } from 'zod';
import { ClientId } from './tasks.contract.js';

const name = z.string().min(1).max(255);

/** What tasks can be chosen by, in lists and in bulk. */
export const TASK_FILTER = {
  type: name.optional(),
  queue: name.optional(),
  user_id: ClientId.optional(),
  client_id: ClientId.optional(),
  tag: name.optional(),
  batch_id: z.uuid().optional(),
  created_after: z.iso.datetime({ offset: true }).optional(),
  created_before: z.iso.datetime({ offset: true }).optional(),
  error_code: name.optional(),
  fingerprint: name.optional(),
};

/** The same in the body of a call that changes many tasks at once. */
export const BULK_FILTER = {
  ...TASK_FILTER,
  ids: z.array(name).min(1).max(1_000).optional().describe('Ids, or names of the clients’ own'),
  all: z.literal(true).optional().describe('Says that nothing else is meant to narrow the choice'),
};

/** A filter that chooses everything must say so. */
export function isChosen(filter: object): boolean {
  return Object.values(filter).some((value) => value !== undefined);
}

export const EMPTY_FILTER =
  'chooses nothing; name what to choose (such as queue, type, fingerprint or ids), or say {"all": true}';
