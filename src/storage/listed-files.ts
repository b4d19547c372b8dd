import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ListedObject, ListOptions } from './object-store.js';

/**
 * Files below a folder, in the order of their keys' bytes; links are left out. Whole branches that lie before `after`
 * are not entered.
 * @param folder its key, with `/` at the end
 */
export async function listFiles(
  root: string,
  folder: string,
  { after = '', limit }: ListOptions,
): Promise<ListedObject[]> {
  const found: ListedObject[] = [];
  for await (const key of keysBelow(root, folder, after)) {
    const stats = await lstat(join(root, key)).catch(() => null);
    if (stats?.isFile()) found.push({ key, sizeBytes: stats.size, modifiedAt: stats.mtime });
    if (found.length >= limit) break;
  }
  return found;
}

async function* keysBelow(root: string, folder: string, after: string): AsyncGenerator<string> {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(unlessMissing);
  const keys = entries
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map((entry) => folder + entry.name + (entry.isDirectory() ? '/' : ''));
  for (const key of keys.toSorted(byBytes)) {
    if (!key.endsWith('/')) {
      if (byBytes(key, after) > 0) yield key;
    } else if (byBytes(key, after) > 0 || after.startsWith(key)) {
      yield* keysBelow(root, key, after);
    }
  }
}

/** As S3 orders: JavaScript compares UTF-16, which differs beyond U+FFFF. */
function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function unlessMissing(error: NodeJS.ErrnoException): [] {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
  throw error;
}
