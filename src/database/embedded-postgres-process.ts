import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/** The user that Postgres runs as; `null`: ourselves. Postgres refuses to run as root. */
export type Owner = Readonly<{ uid: number; gid: number }> | null;

export interface Outcome {
  /** The exit code; `null` when the program could not be run or ran out of time. */
  code: number | null;
  /** What it printed on both channels. */
  text: string;
}

/** A fixed environment: nobody's PG* or LD_* variables reach the server, and macOS needs a locale to be named. */
const ENVIRONMENT = { LC_ALL: 'C', TZ: 'UTC' };

/** Runs a program to its end as `owner` and never throws: callers read the outcome. */
export function run(
  file: string,
  args: readonly string[],
  owner: Owner,
  cwd: string,
  timeoutMs = 120_000,
): Promise<Outcome> {
  const options = {
    cwd,
    env: ENVIRONMENT,
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    windowsHide: true,
    ...owner,
  } as const;
  return new Promise((resolve) => {
    execFile(file, args, options, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === 'number' ? error.code : null) : 0;
      const text = `${stdout}${stderr}`.trim();
      resolve({ code, text: text || (error?.message ?? '') });
    }).on('error', (error) => resolve({ code: null, text: error.message }));
  });
}

/** Whether a process of this id lives, whoever owns it. */
export function isAlive(pid: number): boolean {
  // 0 would ask for our own group.
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The command line of a process, or `null` where the system does not tell. */
export async function commandLine(pid: number): Promise<string | null> {
  if (process.platform === 'win32') return null;
  if (process.platform === 'linux') return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => null);
  const { code, text } = await run('/bin/ps', ['-o', 'args=', '-p', String(pid)], null, '/', 5_000);
  return code === 0 ? text : null;
}
