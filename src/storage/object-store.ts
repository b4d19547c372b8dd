import type { Readable } from 'node:stream';
import type { TenantScope } from '../kernel/tenant-scope.js';

export interface StoredObject {
  sizeBytes: number;
  /** SHA-256 of the bytes, hexadecimal. */
  sha256: string;
}

export interface OpenedObject {
  /** Read it to its end or destroy it: it holds a resource until then. Fails with `storage.unavailable` when cut short. */
  stream: Readable;
  /** Of what the stream brings. */
  sizeBytes: number;
}

export interface TransferOptions {
  maxBytes?: number;
  signal?: AbortSignal;
}

export interface OpenOptions {
  signal?: AbortSignal;
  /** First and last byte, counted from 0; the whole object without it. */
  range?: { start: number; end: number };
}

export interface ListOptions {
  /** Only keys behind this one. */
  after?: string;
  /** At most so many, 1 to 1,000. */
  limit: number;
}

export interface ListedObject {
  key: string;
  sizeBytes: number;
  modifiedAt: Date;
}

export interface UrlOptions {
  /** 1 s to 7 days. */
  expiresInSeconds: number;
  /** What a browser shall call the file; the key's last part without it. */
  fileName?: string;
  contentType?: string;
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
  abstract open(key: string, options?: OpenOptions): Promise<OpenedObject>;

  /** @throws Fault source.not_found, source.not_a_file */
  abstract stat(key: string): Promise<{ sizeBytes: number }>;

  /**
   * Removes the object; a key that holds none is fine.
   * @throws Fault source.not_a_file
   */
  abstract delete(key: string): Promise<void>;

  /**
   * Objects below a folder, in the order of their keys' bytes.
   * @param folder a key; a folder that is not there holds nothing
   */
  abstract list(folder: string, options: ListOptions): Promise<ListedObject[]>;

  /**
   * Where anybody may read the object for a while, always as a download: a URL, or a path of our own API. Whether there
   * is such an object is not asked.
   * @param scope whose link it is: uploads of others are refused
   * @throws Fault path.forbidden; secret_key.missing where links are our own
   */
  abstract urlFor(scope: TenantScope, key: string, options: UrlOptions): Promise<string>;

  /** Whether the storage answers. @throws Fault storage.unavailable */
  abstract check(options?: { signal?: AbortSignal }): Promise<void>;
}
