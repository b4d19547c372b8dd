import { createHash } from 'node:crypto';
import type { Json } from '../kernel/json.js';
import type { Payload } from './vector-store.js';

/** Longer ones are told apart by their hash: an index of keywords is no place for long texts. */
const MAX_TERM = 120;

/**
 * One keyword per field of a payload, such as `user_id="7"`: whatever its name and the kind of its value, a field equals
 * a value exactly when their keywords are the same.
 */
export function termsOf(payload: Payload): string[] {
  return Object.entries(payload).map(([field, value]) => termOf(field, value));
}

function termOf(field: string, value: Json): string {
  const term = `${JSON.stringify(field).slice(1, -1)}=${JSON.stringify(sorted(value))}`;
  return term.length <= MAX_TERM ? term : `sha256:${createHash('sha256').update(term).digest('hex')}`;
}

/** Two objects are equal whatever the order of their members. */
function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const members = Object.entries(value).map(([name, member]) => [name, sorted(member)] as const);
  return Object.fromEntries(members.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
