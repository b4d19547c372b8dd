import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createWorker, OEM, type RecognizeOptions, type Worker } from 'tesseract.js';
import { Fault } from '../../kernel/fault.js';
import { variablesOf, type Look } from './recogniser.js';

const ENGLISH = join(
  dirname(createRequire(import.meta.url).resolve('@tesseract.js-data/eng/package.json')),
  '4.0.0_best_int',
);

/** Kept warm between the jobs of a child: a start costs half a second. */
let warm: Promise<Worker> | undefined;

/** tesseract.js, which runs anywhere and brings its English along. @throws Fault ocr.unavailable */
export async function lookWithBundledTesseract(picture: Buffer, look: Look): Promise<string> {
  try {
    const worker = await (warm ??= start());
    const variables = variablesOf(look) as Partial<RecognizeOptions>;
    const { data } = await worker.recognize(picture, variables, { text: false, tsv: true });
    return data.tsv ?? '';
  } catch (error) {
    throw new Fault('ocr.unavailable', 'The OCR engine failed; try again.', { internal: String(error) });
  }
}

function start(): Promise<Worker> {
  // Without an error handler a failure would be thrown where nobody can catch it; the promise tells it as well.
  const errorHandler = () => undefined;
  return createWorker('eng', OEM.LSTM_ONLY, {
    langPath: ENGLISH,
    gzip: true,
    cacheMethod: 'none',
    errorHandler,
  });
}
