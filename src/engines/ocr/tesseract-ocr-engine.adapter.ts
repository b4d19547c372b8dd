import { builtEntry } from '../../kernel/built-entry.js';
import { Fault } from '../../kernel/fault.js';
import type { SandboxJob } from '../../sandbox/sandbox-job.js';
import type { Sandbox } from '../../sandbox/sandbox.js';
import { OCR_LANGUAGES, OcrEngine, type OcrOptions, type OcrReading } from './ocr-engine.js';
import type { OcrRequest } from './ocr-job.js';
import type { OcrLimits } from './ocr-limits.js';
import type { OcrTimes } from './ocr-times.js';
import type { Tesseract } from './recogniser.js';

const READ: SandboxJob<OcrRequest, OcrReading> = {
  entry: builtEntry(import.meta.url, './ocr-job.js'),
  name: 'readPicture',
};

/** A Tesseract of this machine and what it knows. */
export interface FoundTesseract {
  name: string;
  tesseract: Tesseract;
  languages: readonly string[];
}

/** Tesseract in sandbox children: as many at once as the sandbox has, each killed when it exceeds its limits. */
export class TesseractOcrEngine extends OcrEngine {
  override readonly name: string;

  constructor(
    private readonly found: FoundTesseract,
    private readonly sandbox: Sandbox,
    private readonly limits: OcrLimits,
    private readonly times: OcrTimes,
  ) {
    super();
    this.name = found.name;
  }

  override async read(path: string, options: OcrOptions = {}): Promise<OcrReading> {
    const { signal, languages = OCR_LANGUAGES, layout = 'page', frame = 0 } = options;
    this.checkLanguages(languages);
    const { tesseract } = this.found;
    const { timeoutMs, memoryBytes } = this.limits;
    const request = { path, frame, layout, languages, tesseract, limits: this.limits };
    return this.times.measure(tesseract.kind, () =>
      this.sandbox.run(READ, request, { timeoutMs, memoryBytes, signal }),
    );
  }

  private checkLanguages(wanted: readonly string[]): void {
    const { languages, name } = this.found;
    const missing = wanted.filter((language) => !languages.includes(language));
    if (missing.length === 0) return;
    throw new Fault(
      'ocr.language_unavailable',
      `${name} does not know ${missing.join(', ')}; it knows ${languages.join(', ')}.`,
    );
  }
}
