import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs';
import sharp from 'sharp';

/** Tesseract reads no better above; points are 72 to the inch. */
const DPI = 200;
const POINTS_PER_INCH = 72;
/** An A2 sheet; larger ones are drawn smaller. */
const LARGEST_PIXELS = 16_000_000;
const SILENT = 0;

/** What the package brings along for fonts that are not embedded, for East Asian text, and for JPEG 2000 and JBIG2. */
const home = dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'));
const folder = (name: string) => join(home, name) + sep;

/** The canvas that pdf.js makes in Node, of which its types say nothing. */
interface CanvasFactory {
  create(width: number, height: number): { canvas: Canvas; context: object };
}
interface Canvas {
  width: number;
  height: number;
  /** RGBA. */
  data(): Buffer;
}

/** Draws a page in grey into a PNG. */
export async function renderPdfPage(path: string, number: number, picturePath: string): Promise<void> {
  const opening = getDocument({
    data: new Uint8Array(await readFile(path)),
    verbosity: SILENT,
    isEvalSupported: false,
    disableFontFace: true,
    useSystemFonts: false,
    standardFontDataUrl: folder('standard_fonts'),
    cMapUrl: folder('cmaps'),
    wasmUrl: folder('wasm'),
  });
  try {
    const pdf = await opening.promise;
    const page = await pdf.getPage(number);
    const { width, height } = page.getViewport({ scale: 1 });
    const scale = Math.min(DPI / POINTS_PER_INCH, Math.sqrt(LARGEST_PIXELS / (width * height)));
    const viewport = page.getViewport({ scale });
    const { canvas, context } = (pdf.canvasFactory as CanvasFactory).create(
      Math.max(1, Math.round(viewport.width)),
      Math.max(1, Math.round(viewport.height)),
    );
    await page.render({ canvas: null, canvasContext: context, viewport }).promise;
    const raw = { width: canvas.width, height: canvas.height, channels: 4 } as const;
    await sharp(canvas.data(), { raw })
      .removeAlpha()
      .greyscale()
      .png({ compressionLevel: 1 })
      .toFile(picturePath);
  } finally {
    await opening.destroy();
  }
}
