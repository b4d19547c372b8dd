import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ifThere } from '../kernel/if-there.js';

const DAY_MS = 86_400_000;

/**
 * Removes what a killed process left half-done: entries of a folder that are older than a day, which no copy in
 * progress is. A missing folder holds nothing.
 * @param prefix only entries whose names start so
 */
export async function removeLeftovers(folder: string, prefix: string, nowMs: number): Promise<void> {
  for (const name of (await ifThere(readdir(folder))) ?? []) {
    if (!name.startsWith(prefix)) continue;
    const path = join(folder, name);
    const stats = await ifThere(stat(path));
    if (stats && stats.mtimeMs < nowMs - DAY_MS) await rm(path, { recursive: true, force: true });
  }
}
