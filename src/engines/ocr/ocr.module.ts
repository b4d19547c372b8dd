// owns: text out of pictures. promises: a picture is read in a child process, within limits, upright or not; words come
// with their places and how sure the engine is. never: decodes a picture in this process; fetches anything.
import { Module } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { findProgram } from '../../config/find-program.js';
import { askTesseract, BUNDLED_TESSERACT } from './find-tesseract.js';
import { OcrEngine } from './ocr-engine.js';
import { DEFAULT_OCR_LIMITS, OcrLimits } from './ocr-limits.js';
import { OcrSandbox } from './ocr-sandbox.js';
import { OcrTimes } from './ocr-times.js';
import { TesseractOcrEngine } from './tesseract-ocr-engine.adapter.js';

const engine = {
  provide: OcrEngine,
  inject: [Config, OcrSandbox, OcrLimits, OcrTimes],
  useFactory: async ({ ocrEngine }: Config, sandbox: OcrSandbox, limits: OcrLimits, times: OcrTimes) => {
    const program = ocrEngine === 'tesseract' ? await findProgram('tesseract') : undefined;
    const found = (program && (await askTesseract(program))) || BUNDLED_TESSERACT;
    return new TesseractOcrEngine(found, sandbox, limits, times);
  },
};

@Module({
  providers: [engine, OcrSandbox, OcrTimes, { provide: OcrLimits, useValue: DEFAULT_OCR_LIMITS }],
  exports: [OcrEngine],
})
export class OcrModule {}
