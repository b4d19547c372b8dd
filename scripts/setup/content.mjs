import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The hash of files and folders: their names and contents, in a fixed order. Missing ones count as missing. */
export function contentHash(paths, keep = () => true) {
  const hash = createHash('sha256');
  for (const file of paths.flatMap(filesOf).filter(keep).toSorted())
    hash.update(`${file}\0`).update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

function filesOf(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return [];
  return found.isDirectory() ? readdirSync(path).flatMap((name) => filesOf(join(path, name))) : [path];
}

export function readStamp(folder) {
  try {
    return readFileSync(join(folder, '.stamp'), 'utf8');
  } catch {
    return null;
  }
}

/** Stamps a finished folder and puts it into place, so that nobody ever sees half of it. */
export function putIntoPlace(finished, place, stamp) {
  writeFileSync(join(finished, '.stamp'), stamp);
  mkdirSync(dirname(place), { recursive: true });
  const old = `${finished}.old`;
  if (statSync(place, { throwIfNoEntry: false })) renameSync(place, old);
  renameSync(finished, place);
  rmSync(old, { recursive: true, force: true });
}
