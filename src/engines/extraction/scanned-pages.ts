import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { builtEntry } from '../../kernel/built-entry.js';
import { Fault } from '../../kernel/fault.js';
import type { SandboxJob } from '../../sandbox/sandbox-job.js';
import { Sandbox } from '../../sandbox/sandbox.js';
import { OCR_LANGUAGES, OcrEngine, type OcrReading } from '../ocr/ocr-engine.js';
import type { ExtractedDocument, UnreadDocument } from './extracted-document.js';
import { ExtractionLimits } from './extraction-limits.js';
import type { PagePictureRequest } from './page-picture-job.js';
import { withScans, type ScanOutcome } from './with-scans.js';

const DRAW: SandboxJob<PagePictureRequest, void> = {
  entry: builtEntry(import.meta.url, './page-picture-job.js'),
  name: 'drawPage',
};

/** Begins as the copies of sources do, so that what a killed process leaves is removed with theirs. */
const PREFIX = 'intake-source-scans-';
/** Pages of one document that are at work at once; the sandboxes share the machine out between documents. */
const PAGES_AT_ONCE = availableParallelism();

export interface ScanOptions {
  signal?: AbortSignal;
  /** Told after each page. */
  onScan?: (done: number, all: number) => void;
}

type ReadPage = (number: number) => Promise<OcrReading>;

/** Puts the text of scanned pages into a document. */
@Injectable()
export class ScannedPages {
  constructor(
    private readonly sandbox: Sandbox,
    private readonly ocr: OcrEngine,
    private readonly limits: ExtractionLimits,
  ) {}

  /** Names who reads them here: another one may read differently. */
  get reader(): string {
    return `${this.ocr.name} (${OCR_LANGUAGES.join('+')})`;
  }

  /**
   * Reads the pages that are pictures. One that fails is a warning and keeps what text it had.
   * @param path the document's file
   * @throws Fault of the first page when all fail and nothing else in the document has text; the signal's reason
   */
  async read(document: UnreadDocument, path: string, options: ScanOptions = {}): Promise<ExtractedDocument> {
    const { scans, ...rest } = document;
    if (scans.length === 0) return rest;
    const numbers = scans.slice(0, this.limits.scannedPages);
    const outcomes =
      document.contentType === 'application/pdf'
        ? await this.drawAndRead(numbers, path, options)
        : await this.readAll(
            numbers,
            (number) =>
              this.ocr.read(path, { signal: options.signal, frame: number - 1, languages: OCR_LANGUAGES }),
            options,
          );
    const tried = new Set(outcomes.map(({ number }) => number));
    const leftOut = scans
      .filter((number) => !tried.has(number))
      .map((number): ScanOutcome => ({ number, leftOut: numbers.includes(number) ? 'time' : 'limit' }));
    return withScans(rest, [...outcomes, ...leftOut], this.reader);
  }

  private async drawAndRead(numbers: number[], path: string, options: ScanOptions): Promise<ScanOutcome[]> {
    const { signal } = options;
    const { timeoutMs, memoryBytes } = this.limits;
    const folder = await mkdtemp(join(tmpdir(), PREFIX));
    const drawAndRead: ReadPage = async (page) => {
      const picturePath = join(folder, `${page}.png`);
      await this.sandbox.run(DRAW, { path, page, picturePath }, { timeoutMs, memoryBytes, signal });
      try {
        return await this.ocr.read(picturePath, { signal, languages: OCR_LANGUAGES });
      } finally {
        await rm(picturePath, { force: true });
      }
    };
    try {
      return await this.readAll(numbers, drawAndRead, options);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** As many at once as the machine has cores, until all are read or the time is up. */
  private async readAll(
    numbers: readonly number[],
    read: ReadPage,
    { signal, onScan }: ScanOptions,
  ): Promise<ScanOutcome[]> {
    const startedMs = performance.now();
    const outcomes: ScanOutcome[] = [];
    const next = numbers.values();
    const lane = async (): Promise<void> => {
      for (const number of next) {
        if (performance.now() - startedMs > this.limits.scansMs) return;
        outcomes.push(await outcomeOf(number, read, signal));
        onScan?.(outcomes.length, numbers.length);
      }
    };
    await Promise.all(Array.from({ length: PAGES_AT_ONCE }, lane));
    return outcomes;
  }
}

/** What may pass is tried once more. */
async function outcomeOf(number: number, read: ReadPage, signal?: AbortSignal): Promise<ScanOutcome> {
  const attempt = async (): Promise<ScanOutcome & { fault?: Fault }> => {
    signal?.throwIfAborted();
    try {
      return { number, reading: await read(number) };
    } catch (error) {
      signal?.throwIfAborted();
      if (!Fault.is(error)) throw error;
      return { number, fault: error };
    }
  };
  const first = await attempt();
  return first.fault?.retryable ? attempt() : first;
}
