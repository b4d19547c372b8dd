import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { FoundTesseract } from './tesseract-ocr-engine.adapter.js';

const PROBE_TIMEOUT_MS = 5_000;

/** tesseract.js with the English that comes in a package. */
export const BUNDLED_TESSERACT: FoundTesseract = {
  name: 'tesseract.js 7.0.0',
  tesseract: { kind: 'bundled' },
  languages: ['eng'],
};

/**
 * Asks a `tesseract` program what it is.
 * @returns undefined when it does not answer, is older than version 5, or knows no English
 */
export async function askTesseract(program: string): Promise<FoundTesseract | undefined> {
  const [version, list] = await Promise.all([ask(program, '--version'), ask(program, '--list-langs')]);
  const number = /^tesseract v?((\d+)[\d.]*)/m.exec(version);
  const [, ...languages] = list.trim().split(/\r?\n/);
  if (!number || Number(number[2]) < 5 || !languages.includes('eng')) return undefined;
  return { name: `tesseract ${number[1]}`, tesseract: { kind: 'command', program }, languages };
}

/** Older versions answer on the other stream. */
async function ask(program: string, question: string): Promise<string> {
  try {
    const { stdout, stderr } = await promisify(execFile)(program, [question], { timeout: PROBE_TIMEOUT_MS });
    return stdout || stderr;
  } catch {
    return '';
  }
}
