import { createHash } from 'node:crypto';
import type { TaskError } from './settlement.js';

/**
 * Groups failures of one cause: the type, the code and the message without its numbers, ids and quoted parts.
 * @returns 16 hex digits
 */
export function fingerprintOf(type: string, error: TaskError): string {
  const shape = error.message
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/gi, '#')
    .replace(/"[^"]*"|'[^']*'|\d+/g, '#');
  return createHash('sha256').update(`${type}\n${error.code}\n${shape}`).digest('hex').slice(0, 16);
}
