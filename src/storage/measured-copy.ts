import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Measure } from './measure.js';
import type { StoredObject, TransferOptions } from './object-store.js';

export interface CopyOptions extends TransferOptions {
  /** Flush the file to the disk: for what has to outlive this machine's next crash. */
  durable: boolean;
}

/**
 * Writes bytes into a new file, hashed and counted on the way.
 * @throws Fault source.too_large as soon as there are more than `maxBytes`; the signal's reason; what the file system
 * or the source throws. A part of the file may be left then.
 */
export async function copyMeasured(
  body: Readable | Uint8Array,
  path: string,
  { maxBytes, signal, durable }: CopyOptions,
): Promise<StoredObject> {
  const measure = new Measure(maxBytes);
  const source = body instanceof Readable ? body : Readable.from([body]);
  const pass = (chunks: AsyncIterable<Uint8Array>) => measure.pass(chunks);
  try {
    await pipeline(source, pass, createWriteStream(path, { flags: 'wx', flush: durable }), { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
  return measure.result();
}
