import { createHash } from 'node:crypto';
import type { TaskError } from './settlement.js';

/** What differs between two failures of one cause, in this order; each becomes `#`. */
const PARTICULARS = [
  /(?<!\w)(?:"[^"]*"|'[^']*'|`[^`]*`)(?!\w)/g,
  /\S*(?:\/|\\)\S*/g,
  /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi,
  /[\w.+-]+@[\w.-]+/g,
  /\b[\w-]+\.[a-z]\w{0,4}\b/gi,
  /[\w-]*\d[\w-]*/g,
  /#(?:[.,:]*#)+/g,
];

const MAX_LENGTH = 500;

/** An error's message without quoted parts, paths, addresses, file names, ids and numbers. */
export function shapeOf(message: string): string {
  const text = message.slice(0, MAX_LENGTH);
  return PARTICULARS.reduce((shape, particular) => shape.replace(particular, '#'), text);
}

/**
 * Groups failures of one cause: the type, the code and the shape of the message.
 * @returns 16 hex digits
 */
export function fingerprintOf(type: string, { code, message }: Pick<TaskError, 'code' | 'message'>): string {
  const text = `${type}\n${code}\n${shapeOf(message)}`;
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** The same in SQL, for failures that Postgres finds. @param type an SQL expression */
export function fingerprintSql(type: string, { code, message }: Pick<TaskError, 'code' | 'message'>): string {
  const rest = `\n${code}\n${shapeOf(message)}`.replaceAll("'", "''");
  return `left(encode(sha256(convert_to(${type} || '${rest}', 'UTF8')), 'hex'), 16)`;
}
