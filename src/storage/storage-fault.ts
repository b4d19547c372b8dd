import { Fault } from '../kernel/fault.js';
import type { FaultCode } from '../kernel/fault-codes.js';

const MEANINGS: Record<string, readonly [FaultCode, string]> = {
  ENOENT: ['source.not_found', 'Nothing is stored under this key.'],
  ENOTDIR: ['source.not_found', 'Nothing is stored under this key: a part of it is a file.'],
  ENXIO: ['source.not_a_file', 'The key is not a file.'],
  EISDIR: ['source.not_a_file', 'The key is a folder.'],
  ENAMETOOLONG: ['path.too_long', 'The key is longer than this storage allows.'],
  ELOOP: ['path.forbidden', 'The key leads through links that this storage does not follow.'],
};

/** The disk's own troubles: trying again may help. */
const UNAVAILABLE = /^E(ACCES|EXIST|PERM|ROFS|NOSPC|DQUOT|IO|MFILE|NFILE|STALE|BUSY|TIMEDOUT|FBIG)$/;

/** What an error of the file system means to a caller; an error of another kind stays what it is. */
export function toStorageFault(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code ?? '';
  const options = { internal: String(error), cause: error };
  const meaning = MEANINGS[code];
  if (meaning) return new Fault(...meaning, options);
  if (UNAVAILABLE.test(code))
    return new Fault('storage.unavailable', `The storage failed (${code}).`, options);
  return error;
}

/** Runs work on the file system with its errors translated. */
export async function onStorage<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toStorageFault(error);
  }
}
