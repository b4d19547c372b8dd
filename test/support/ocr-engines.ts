import { findProgram } from '../../src/config/find-program.js';
import { BUNDLED_TESSERACT, askTesseract } from '../../src/engines/ocr/find-tesseract.js';
import { DEFAULT_OCR_LIMITS, type OcrLimits } from '../../src/engines/ocr/ocr-limits.js';
import { OcrSandbox } from '../../src/engines/ocr/ocr-sandbox.js';
import { OcrTimes } from '../../src/engines/ocr/ocr-times.js';
import {
  TesseractOcrEngine,
  type FoundTesseract,
} from '../../src/engines/ocr/tesseract-ocr-engine.adapter.js';
import { Metrics } from '../../src/telemetry/metrics.registry.js';

/** The `tesseract` program of this machine, if it has a fit one. */
export async function tesseractCommand(): Promise<FoundTesseract | undefined> {
  const program = await findProgram('tesseract');
  return program === undefined ? undefined : askTesseract(program);
}

/** An engine with a sandbox of its own; close it. The one that comes with Intake, unless another is given. */
export function openOcr(found: FoundTesseract = BUNDLED_TESSERACT, limits: Partial<OcrLimits> = {}) {
  const sandbox = new OcrSandbox();
  const metrics = new Metrics();
  const engine = new TesseractOcrEngine(
    found,
    sandbox,
    { ...DEFAULT_OCR_LIMITS, ...limits },
    new OcrTimes(metrics),
  );
  return { engine, sandbox, metrics, close: () => sandbox.onApplicationShutdown() };
}
