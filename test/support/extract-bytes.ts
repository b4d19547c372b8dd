import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExtractedDocument } from '../../src/engines/extraction/extracted-document.js';
import { extractDocument } from '../../src/engines/extraction/extraction-job.js';
import {
  DEFAULT_EXTRACTION_LIMITS,
  type ExtractionLimits,
} from '../../src/engines/extraction/extraction-limits.js';

interface Hints {
  declaredType?: string;
  limits?: Partial<ExtractionLimits>;
}

/** Reads bytes as a file of this name in this process, without the sandbox. */
export async function extractBytes(
  fileName: string,
  bytes: Uint8Array | string,
  { declaredType, limits }: Hints = {},
): Promise<ExtractedDocument> {
  const folder = await mkdtemp(join(tmpdir(), 'extract-'));
  try {
    const path = join(folder, 'file');
    await writeFile(path, bytes);
    const file = { path, fileName, declaredType };
    return await extractDocument({ file, limits: { ...DEFAULT_EXTRACTION_LIMITS, ...limits } });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The text of all pages. */
export async function textOf(fileName: string, bytes: Uint8Array | string): Promise<string> {
  const { pages } = await extractBytes(fileName, bytes);
  return pages.map(({ text }) => text).join('\f');
}
