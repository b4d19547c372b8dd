/** Runs in a sandbox child: one page of a PDF in, a picture of it out. */
import { Fault } from '../../kernel/fault.js';
import { renderPdfPage } from './pdf-page-picture.adapter.js';

export interface PagePictureRequest {
  /** Of the PDF. */
  path: string;
  /** From 1. */
  page: number;
  /** Where the picture goes, a PNG. */
  picturePath: string;
}

/** Draws a page as OCR likes it. @throws Fault document.corrupt */
export async function drawPage({ path, page, picturePath }: PagePictureRequest): Promise<void> {
  try {
    await renderPdfPage(path, page, picturePath);
  } catch (error) {
    throw new Fault('document.corrupt', 'The page cannot be drawn.', { internal: String(error) });
  }
}
