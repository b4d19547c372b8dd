import { Injectable } from '@nestjs/common';
import { builtEntry } from '../../kernel/built-entry.js';
import type { SandboxJob } from '../../sandbox/sandbox-job.js';
import { Sandbox } from '../../sandbox/sandbox.js';
import type { ExtractedDocument, FileToExtract, UnreadDocument } from './extracted-document.js';
import { ExtractionLimits } from './extraction-limits.js';
import type { ExtractionRequest } from './extraction-job.js';
import { ScannedPages, type ScanOptions } from './scanned-pages.js';

const EXTRACT: SandboxJob<ExtractionRequest, UnreadDocument> = {
  entry: builtEntry(import.meta.url, './extraction-job.js'),
  name: 'extractDocument',
};

/** Room for names, warnings and the marks between pages beside the text. */
const RESULT_OVERHEAD_BYTES = 8 * 1024 ** 2;

/** Text out of a file of any supported kind, whatever it is called. */
@Injectable()
export class TextExtractor {
  constructor(
    private readonly sandbox: Sandbox,
    private readonly limits: ExtractionLimits,
    private readonly scans: ScannedPages,
  ) {}

  /** Names who reads scanned pages: another one may read differently. */
  get scanReader(): string {
    return this.scans.reader;
  }

  /**
   * Reads a local file in child processes; its scanned pages by OCR, one by one.
   * @throws Fault document.empty, document.unsupported, document.encrypted, document.corrupt, document.too_large,
   * sandbox.timeout, sandbox.out_of_memory (none of them worth another try), sandbox.crashed, ocr.unavailable; the
   * signal's reason
   */
  async extract(file: FileToExtract, options: ScanOptions = {}): Promise<ExtractedDocument> {
    const { timeoutMs, memoryBytes, characters } = this.limits;
    const resultBytes = 2 * characters + RESULT_OVERHEAD_BYTES;
    const request = { file, limits: this.limits };
    const bounds = { timeoutMs, memoryBytes, resultBytes, signal: options.signal };
    const document = await this.sandbox.run(EXTRACT, request, bounds);
    return this.scans.read(document, file.path, options);
  }
}
