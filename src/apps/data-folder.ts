import { mkdirSync, openSync, readFileSync, rmSync, closeSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '../database/embedded-postgres-process.js';

const LOCK = 'up.pid';

/**
 * Takes a data folder for this process: two stacks in one folder would share a Postgres, and the first to stop would
 * end it for both. A lock that a dead process left is taken over.
 * @returns what gives the folder back
 * @throws Error with a text for the terminal
 */
export function takeDataFolder(folder: string): () => void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new Error(`The data folder ${folder} cannot be made (${code}): choose another with --data-dir`, {
      cause,
    });
  }
  const lock = join(folder, LOCK);
  if (!write(lock)) {
    refuseIfAlive(lock, folder);
    rmSync(lock, { force: true });
    if (!write(lock)) refuseIfAlive(lock, folder);
  }
  return () => rmSync(lock, { force: true });
}

/** @returns false when there is a lock already */
function write(lock: string): boolean {
  try {
    const file = openSync(lock, 'wx');
    writeSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    throw new Error(`The data folder cannot be written to (${code}): choose another with --data-dir`, {
      cause: error,
    });
  }
}

function refuseIfAlive(lock: string, folder: string): void {
  const pid = Number(readFileSync(lock, 'utf8'));
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid || !isAlive(pid)) return;
  throw new Error(
    `Intake is running in ${folder} already: stop process ${pid}, or choose another --data-dir (if it is none of ours, remove ${lock})`,
  );
}
