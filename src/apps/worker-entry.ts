import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * What to fork for another worker process, however this one was started: our compiled entry. Where there is none beside
 * this file, as in tests, the program that runs now.
 */
export function workerEntry(): string {
  const compiled = fileURLToPath(new URL('../main.worker.js', import.meta.url));
  return existsSync(compiled) ? compiled : (process.argv[1] ?? '');
}
