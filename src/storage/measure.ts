import { createHash } from 'node:crypto';
import { Fault } from '../kernel/fault.js';
import type { StoredObject } from './object-store.js';

/** Counts and hashes the bytes that pass, and lets no more pass than allowed. */
export class Measure {
  private readonly hash = createHash('sha256');
  private sizeBytes = 0;

  constructor(private readonly maxBytes = Infinity) {}

  /** @throws Fault source.too_large as soon as there are too many */
  async *pass(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.sizeBytes += chunk.length;
      if (this.sizeBytes > this.maxBytes) throw tooLarge(this.maxBytes);
      this.hash.update(chunk);
      yield chunk;
    }
  }

  /** Once, when all has passed. */
  result(): StoredObject {
    return { sizeBytes: this.sizeBytes, sha256: this.hash.digest('hex') };
  }
}

/** @param maxBytes the limit that was passed */
export function tooLarge(maxBytes: number): Fault {
  return new Fault('source.too_large', `The file may have at most ${maxBytes} bytes. Send a smaller one.`);
}
