import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SetupFault } from './fault.mjs';

const BEAT_MS = 2_000;
/** A holder that has not touched its lock for so long is dead, or its machine sleeps. */
const STALE_MS = 30_000;
const WAIT_MS = 20 * 60_000;

/** Does the work while no other set-up of this folder runs. A lock whose holder died is taken over. */
export async function withSetupLock(file, work) {
  mkdirSync(dirname(file), { recursive: true });
  await take(file);
  const release = () => rmSync(file, { force: true });
  const beat = setInterval(() => touch(file), BEAT_MS);
  process.once('exit', release);
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    process.off('exit', release).off('SIGINT', stop).off('SIGTERM', stop);
    release();
  }
}

/** Leaves through the exit handler, which releases the lock. */
function stop() {
  process.exit(130);
}

async function take(file) {
  const deadlineMs = performance.now() + WAIT_MS;
  for (let told = false; performance.now() < deadlineMs; await delay(250)) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isStale(file)) {
      console.log('An earlier set-up was interrupted: taking over.');
      discard(file);
    } else if (!told) {
      console.log('Another set-up of this folder is running: waiting for it.');
      told = true;
    }
  }
  throw new SetupFault(
    `Another set-up of this folder has been running for ${WAIT_MS / 60_000} minutes. End it, or remove ${file}.`,
  );
}

function isStale(file) {
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found) return false;
  if (Date.now() - found.mtimeMs > STALE_MS) return true;
  const pid = Number(readFileSync(file, 'utf8'));
  return pid > 0 && !isAlive(pid);
}

/** Renamed before it is removed: of two that take over at once, one finds nothing to rename. */
function discard(file) {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  rmSync(aside, { force: true });
}

function touch(file) {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // Somebody removed it; the worst that can happen is two set-ups at once, each of which renames whole folders.
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
