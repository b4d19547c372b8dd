import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { environment } from './config.js';

const SUFFIX = process.platform === 'win32' ? '.exe' : '';

/** Where a program lies: the first on PATH that may be run. Relative entries are passed over. */
export async function findProgram(name: string, variables = environment()): Promise<string | undefined> {
  for (const folder of (variables['PATH'] ?? '').split(delimiter).filter(isAbsolute)) {
    const path = join(folder, name + SUFFIX);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}
