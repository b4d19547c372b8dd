import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Fault } from '../kernel/fault.js';
import type { StoredObject, TransferOptions } from './object-store.js';

/**
 * Writes bytes into a new file, hashed and counted on the way, and flushes them to the disk.
 * @throws Fault source.too_large as soon as there are more than `maxBytes`; the signal's reason; what the file system
 * or the source throws. A part of the file may be left then.
 */
export async function copyMeasured(
  body: Readable | Uint8Array,
  path: string,
  { maxBytes = Infinity, signal }: TransferOptions,
): Promise<StoredObject> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  async function* measure(chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) throw tooLarge(maxBytes);
      hash.update(chunk);
      yield chunk;
    }
  }
  const source = body instanceof Readable ? body : Readable.from([body]);
  try {
    await pipeline(source, measure, createWriteStream(path, { flags: 'wx', flush: true }), { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}

/** @param maxBytes the limit that was passed */
export function tooLarge(maxBytes: number): Fault {
  return new Fault('source.too_large', `The file may have at most ${maxBytes} bytes.`);
}
