import type { Readable } from 'node:stream';

export interface StoredObject {
  sizeBytes: number;
  /** SHA-256 of the bytes, hexadecimal. */
  sha256: string;
}

export interface OpenedObject {
  /** Read it to its end or destroy it: it holds a resource until then. */
  stream: Readable;
  sizeBytes: number;
}

export interface TransferOptions {
  maxBytes?: number;
  signal?: AbortSignal;
}

/**
 * Bytes by key. A key is a relative path with `/` between its parts; see `parseKey` for what is refused.
 * Every method throws Fault `path.forbidden` or `path.too_long` for such a key, `storage.unavailable` when the storage
 * fails, and the signal's reason when aborted.
 */
export abstract class ObjectStore {
  /**
   * Stores the bytes, replacing what the key held; readers see the old object or the new one, never a part.
   * @throws Fault source.too_large when there are more than `maxBytes`; source.not_a_file when the key is a folder
   */
  abstract put(key: string, body: Readable | Uint8Array, options?: TransferOptions): Promise<StoredObject>;

  /** @throws Fault source.not_found, source.not_a_file */
  abstract open(key: string, options?: { signal?: AbortSignal }): Promise<OpenedObject>;

  /** @throws Fault source.not_found, source.not_a_file */
  abstract stat(key: string): Promise<{ sizeBytes: number }>;

  /**
   * Removes the object; a key that holds none is fine.
   * @throws Fault source.not_a_file
   */
  abstract delete(key: string): Promise<void>;
}
