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
    writeSync(file, `${process.pid} ${bornAt(process.pid) ?? ''}`);
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
  const [pid = 0, born] = readFileSync(lock, 'utf8').split(' ').map(Number);
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid || !isAlive(pid)) return;
  // The id may be another program's by now, which has nothing to do with us.
  const bornNow = bornAt(pid);
  if (born && bornNow && born !== bornNow) return;
  throw new Error(
    `Intake is running in ${folder} already: stop process ${pid}, or choose another --data-dir (if it is none of ours, remove ${lock})`,
  );
}

/** Something that two processes of one id do not share: when this one began, in ticks since boot; `null` where nobody tells. */
function bornAt(pid: number): number | null {
  try {
    // The name, in parentheses, may hold anything; the twentieth field after it is the time.
    const [, fields = ''] = /\) ([^)]*)$/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return Number(fields.split(' ')[19]) || null;
  } catch {
    return null;
  }
}
