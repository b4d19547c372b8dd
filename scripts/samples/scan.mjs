import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs';
import sharp from 'sharp';
import { assemble } from './pdf.mjs';

const FONTS = new URL('../../node_modules/pdfjs-dist/standard_fonts/', import.meta.url).pathname;
const POINTS_PER_INCH = 72;
/** A4, in points. */
const PAGE = { width: 595, height: 842 };

/** The pages of a PDF as pictures. */
export async function toPictures(pdf, dpi) {
  const opening = getDocument({ data: new Uint8Array(pdf), verbosity: 0, standardFontDataUrl: FONTS });
  const opened = await opening.promise;
  const pictures = [];
  for (let number = 1; number <= opened.numPages; number += 1) {
    const page = await opened.getPage(number);
    const viewport = page.getViewport({ scale: dpi / POINTS_PER_INCH });
    const { canvas, context } = opened.canvasFactory.create(
      Math.round(viewport.width),
      Math.round(viewport.height),
    );
    await page.render({ canvas: null, canvasContext: context, viewport }).promise;
    pictures.push(await canvas.encode('png'));
  }
  await opening.destroy();
  return pictures;
}

/** As an office machine sees paper that lies a little askew: grey, soft, grainy. @returns a JPEG */
export async function asScanned(picture, tiltDegrees) {
  const flat = await sharp(picture).rotate(tiltDegrees, { background: 'white' }).blur(0.6).linear(0.82, 22).toBuffer();
  const { width, height } = await sharp(flat).metadata();
  return sharp(flat)
    .composite([{ input: grain(width * height), raw: { width, height, channels: 1 }, blend: 'soft-light' }])
    .greyscale()
    .jpeg({ quality: 40, mozjpeg: true })
    .toBuffer();
}

/** Greys around the middle, normally distributed (Box and Muller); the same at each run, so that samples stay what they are. */
function grain(pixels) {
  let state = 1;
  const chance = () => ((state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) + 1) / 2 ** 32;
  const normal = () => Math.sqrt(-2 * Math.log(chance())) * Math.cos(2 * Math.PI * chance());
  return Buffer.from(Array.from({ length: pixels }, () => Math.round(128 + 6 * normal())));
}

/** A PDF of pages that are nothing but these JPEGs. */
export async function toScannedPdf(jpegs) {
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Count ${jpegs.length} /Kids [${jpegs.map((_, at) => `${3 + 3 * at} 0 R`).join(' ')}] >>`,
  ];
  for (const [at, jpeg] of jpegs.entries()) {
    const { width, height } = await sharp(jpeg).metadata();
    const content = `q ${PAGE.width} 0 0 ${PAGE.height} 0 0 cm /Scan Do Q`;
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${PAGE.width} ${PAGE.height}] /Contents ${4 + 3 * at} 0 R ` +
        `/Resources << /XObject << /Scan ${5 + 3 * at} 0 R >> >> >>`,
      `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
      `<< /Type /XObject /Subtype /Image /Width ${width} /Height ${height} /ColorSpace /DeviceGray ` +
        `/BitsPerComponent 8 /Filter /DCTDecode /Length ${jpeg.length} >>\nstream\n${jpeg.toString('latin1')}\nendstream`,
    );
  }
  return assemble(objects);
}
