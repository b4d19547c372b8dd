import { accessSync, constants, mkdirSync, statfsSync } from 'node:fs';
import { SetupFault } from './fault.mjs';

const GIB = 1024 ** 3;

/** @throws SetupFault when the folder cannot be written */
export function assertWritable(folder) {
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    mkdirSync(`${folder}/.local`, { recursive: true });
    accessSync(`${folder}/.local`, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    throw new SetupFault(
      `${folder} cannot be written by this user. Give it to this user, or copy it to a folder of your own, and start again.`,
    );
  }
}

/** @throws SetupFault when the disk has less than so many gibibytes left */
export function assertDisk(folder, neededGib) {
  const { bavail, bsize } = statfsSync(folder);
  const freeGib = (bavail * bsize) / GIB;
  if (freeGib >= neededGib) return;
  throw new SetupFault(
    `The disk that holds ${folder} has ${freeGib.toFixed(1)} GiB left, and the set-up needs ${neededGib}. Free some space and start again.`,
  );
}
