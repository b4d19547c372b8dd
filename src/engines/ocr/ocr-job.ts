/** Runs in a sandbox child: one picture in, the words in it out. */
import { readBest } from './looks.js';
import type { OcrLayout, OcrReading } from './ocr-engine.js';
import type { OcrLimits } from './ocr-limits.js';
import { preparePicture, toPgm, turned } from './prepared-picture.adapter.js';
import type { Recogniser, Tesseract } from './recogniser.js';
import { upright } from './upright.js';

export interface OcrRequest {
  path: string;
  frame: number;
  layout: OcrLayout;
  languages: readonly string[];
  tesseract: Tesseract;
  limits: OcrLimits;
}

/** @throws Fault ocr.unreadable, ocr.too_large, ocr.unavailable */
export async function readPicture(request: OcrRequest): Promise<OcrReading> {
  const { path, frame, layout, languages, limits } = request;
  const { picture, original } = await preparePicture(path, frame, limits);
  if (!picture) return { text: '', confidence: 0, ...original, rotation: 0, lines: [] };
  const { fitted, tilt, sideways } = picture;
  const recognise = await recogniserOf(request.tesseract);
  const best = await readBest(
    async ({ rotation, threshold }) =>
      recognise(toPgm(await turned(picture, rotation)), { layout, languages, threshold }),
    { sideways, patienceMs: limits.patienceMs },
  );
  return upright(best, { original, fitted, tilt, levelled: picture });
}

async function recogniserOf(tesseract: Tesseract): Promise<Recogniser> {
  if (tesseract.kind === 'bundled')
    return (await import('./bundled-tesseract.adapter.js')).lookWithBundledTesseract;
  const { lookWithCommand } = await import('./tesseract-command.js');
  return (picture, look) => lookWithCommand(tesseract.program, picture, look);
}
