import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** How often a reading is worth its price: a file on Linux, a process elsewhere. */
export const MEMORY_POLL_MS = process.platform === 'linux' ? 50 : 250;

/**
 * Resident memory of another process, read from `/proc` (kilobytes, so that the page size does not matter) or asked
 * of `ps`.
 * @returns bytes; 0 when the process is gone or the platform (Windows) cannot tell
 */
export function residentBytes(pid: number): number | Promise<number> {
  if (process.platform === 'linux') return fromProc(pid);
  if (process.platform === 'win32') return 0;
  return new Promise((resolve) => {
    execFile('ps', ['-o', 'rss=', '-p', String(pid)], (error, stdout) =>
      resolve(error ? 0 : Number(stdout) * 1_024),
    );
  });
}

function fromProc(pid: number): number {
  try {
    const kilobytes = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return kilobytes ? Number(kilobytes[1]) * 1_024 : 0;
  } catch {
    return 0;
  }
}
