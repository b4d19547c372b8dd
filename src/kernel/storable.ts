import type { FieldError } from './fault.js';
import type { Json } from './json.js';

/** Deepest nesting accepted in a payload; Postgres and every client parse this without harm. */
export const MAX_JSON_DEPTH = 64;

const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;
const EVERY_LONE_SURROGATE = new RegExp(LONE_SURROGATE, 'g');

/**
 * Finds what Postgres' jsonb cannot hold or JSON cannot carry: NUL characters, lone surrogates, numbers that are
 * not finite, nesting beyond {@link MAX_JSON_DEPTH}, values without a JSON form.
 * @returns one entry per fault with its dotted path; empty when the value can be stored
 */
export function unstorable(value: unknown, path = '', depth = 0): FieldError[] {
  if (depth > MAX_JSON_DEPTH) return [{ path, message: `is nested deeper than ${MAX_JSON_DEPTH} levels` }];
  switch (typeof value) {
    case 'string':
      return textFaults(value, path);
    case 'number':
      return Number.isFinite(value) ? [] : [{ path, message: 'is a number that JSON cannot carry' }];
    case 'boolean':
    case 'undefined':
      return [];
    case 'object':
      return value === null ? [] : childFaults(value, path, depth);
    default:
      return [{ path, message: `is a ${typeof value}, which JSON cannot carry` }];
  }
}

function textFaults(text: string, path: string): FieldError[] {
  if (text.includes('\0')) return [{ path, message: 'contains a NUL character (U+0000); remove it' }];
  if (LONE_SURROGATE.test(text))
    return [{ path, message: 'contains half of a surrogate pair; send valid Unicode' }];
  return [];
}

function childFaults(value: object, path: string, depth: number): FieldError[] {
  return Object.entries(value).flatMap(([key, child]) => {
    const childPath = path ? `${path}.${key}` : key;
    return [...textFaults(key, childPath), ...unstorable(child, childPath, depth + 1)];
  });
}

/** The text without what Postgres cannot hold: NUL goes, half a surrogate pair becomes U+FFFD. */
export function storableText(text: string): string {
  return text.replaceAll('\0', '').replace(EVERY_LONE_SURROGATE, '\uFFFD');
}

/** What side notes may carry whatever they were given: storable JSON, or a text that says why there is none. */
export function toStorable(value: unknown): Json {
  try {
    const clean = (_key: string, part: unknown) => (typeof part === 'string' ? storableText(part) : part);
    const json = JSON.parse(JSON.stringify(value, clean) ?? 'null') as Json;
    const [fault] = unstorable(json, 'it');
    return fault ? `not stored: ${storableText(fault.path)} ${fault.message}` : json;
  } catch {
    return 'not stored: it has no JSON form';
  }
}
