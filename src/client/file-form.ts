import { openAsBlob } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { IntakeError } from './intake-error.js';

/**
 * A form of a file, which is not held in memory, and fields beside it: text as it is, anything else as JSON.
 * @param type that the file is said to be
 * @throws IntakeError client.file when it cannot be read
 */
export async function fileForm(path: string, fields: object, type?: string): Promise<FormData> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields) as Array<[string, unknown]>) {
    if (value !== undefined) form.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  form.set('file', await openFile(path, type), basename(path));
  return form;
}

async function openFile(path: string, type: string | undefined): Promise<Blob> {
  try {
    if (!(await stat(path)).isFile()) throw new Error('it is not a file');
    return await openAsBlob(path, { type });
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const why = missing ? 'there is no such file' : (cause as Error).message;
    throw new IntakeError({ code: 'client.file', detail: `Cannot read ${path}: ${why}`, cause });
  }
}
