import { readEnvFile } from '../config/env-file.js';

/** Runs a process's main work and ends with its exit code; a failure is one plain text, not a stack trace. */
export function exitWith(main: () => Promise<number>): void {
  readEnvFile();
  main().then(
    (code) => process.exit(code),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exit(1);
    },
  );
}
