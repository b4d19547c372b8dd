import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { Fault } from '../../kernel/fault.js';
import { variablesOf, type Look } from './recogniser.js';

/** The `tesseract` program; it dies with the process group of the child that runs it. @throws Fault ocr.unavailable */
export async function lookWithCommand(program: string, picture: Buffer, look: Look): Promise<string> {
  const variables = Object.entries(variablesOf(look)).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const args = ['stdin', 'stdout', '-l', look.languages.join('+'), ...variables, 'tsv'];
  const tesseract = spawn(program, args, { env: { OMP_THREAD_LIMIT: '1' }, stdio: 'pipe' });
  const exit = once(tesseract, 'close') as Promise<[number | null]>;
  // A program that ends early closes its end: its exit code says why.
  tesseract.stdin.on('error', () => undefined).end(picture);
  const [tsv, complaint, code] = await Promise.all([
    text(tesseract.stdout),
    text(tesseract.stderr),
    exit.then(([status]) => status),
  ]).catch((error: unknown) => ['', String(error), -1] as const);
  if (code === 0) return tsv;
  throw new Fault('ocr.unavailable', 'The OCR engine failed; try again.', {
    internal: `exit code ${code}: ${complaint.slice(-1_000)}`,
  });
}
