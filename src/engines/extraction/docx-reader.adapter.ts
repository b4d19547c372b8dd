import mammoth from 'mammoth';
import { onePage, type ReadDocument, type SniffedFile } from './document-reader.js';
import { htmlToText } from './html-reader.adapter.js';

/** Without this every picture would travel through the HTML in base64. */
const noPicture = mammoth.images.imgElement(() => Promise.resolve({ src: '' }));

/** A Word document has no pages before somebody lays it out: it is one. */
export async function readDocx({
  path,
  metadata: { title, ...metadata },
}: SniffedFile): Promise<ReadDocument> {
  const { value: html } = await mammoth.convertToHtml(
    { path },
    { convertImage: noPicture, styleMap: ["p[style-name='Title'] => h1:fresh"], externalFileAccess: false },
  );
  return { pages: onePage(htmlToText(html)), title, metadata };
}
