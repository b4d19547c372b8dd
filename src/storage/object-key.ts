import { Fault } from '../kernel/fault.js';

/** What one part of a path may have on every file system in use. */
export const MAX_SEGMENT_BYTES = 255;
/** What a whole key may have in S3. */
export const MAX_KEY_BYTES = 1_024;

/** The folder for half-written objects, no key leads there. */
export const RESERVED_SEGMENT = '.incoming';

/**
 * Splits a key into its parts. Empty parts and `.` are dropped, so `a//./b` is `a/b`; nothing else is rewritten.
 * @throws Fault path.forbidden for `..`, absolute paths, drive letters, backslashes, NUL and our reserved folder;
 * path.too_long beyond 255 bytes of UTF-8 in one part or 1,024 in all; source.not_a_file for a key without a name
 */
export function parseKey(key: string): string[] {
  if (/[\0\\]/.test(key)) throw forbidden('contains a backslash or a NUL character');
  if (/^(\/|[A-Za-z]:)/.test(key)) throw forbidden('is absolute; keys are relative to the storage root');
  const segments = key.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.includes('..')) throw forbidden('contains `..`');
  if (segments[0]?.toLowerCase() === RESERVED_SEGMENT)
    throw forbidden(`is in ${RESERVED_SEGMENT}, which is reserved`);
  if (segments.length === 0) throw new Fault('source.not_a_file', 'The key names no file.');
  checkLengths(segments);
  return segments;
}

function checkLengths(segments: readonly string[]): void {
  if (segments.some((segment) => Buffer.byteLength(segment) > MAX_SEGMENT_BYTES)) {
    throw new Fault(
      'path.too_long',
      `A part of the key has more than ${MAX_SEGMENT_BYTES} bytes (UTF-8); shorten it.`,
    );
  }
  if (Buffer.byteLength(segments.join('/')) > MAX_KEY_BYTES) {
    throw new Fault('path.too_long', `The key has more than ${MAX_KEY_BYTES} bytes (UTF-8); shorten it.`);
  }
}

function forbidden(why: string): Fault {
  return new Fault('path.forbidden', `The key ${why}.`);
}
