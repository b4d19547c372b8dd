import { deflateSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { extractBytes } from '../../../test/support/extract-bytes.js';
import { FONT, onePagePdf, pdf, pdfStream, textOnPage } from '../../../test/support/made-files.js';

const page = (content: string) =>
  `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents ${content} /Resources << /Font << /F1 3 0 R >> >> >>`;

it('reads page by page, with lines, paragraphs, title and facts', async () => {
  const lines =
    'BT /F1 12 Tf 72 720 Td (First line) Tj 0 -14 Td (second line) Tj 0 -40 Td (New paragraph) Tj ET';
  const bytes = pdf(
    [
      '<< /Type /Catalog /Pages 2 0 R >>',
      '<< /Type /Pages /Kids [4 0 R 5 0 R] /Count 2 >>',
      FONT,
      page('6 0 R'),
      page('7 0 R'),
      pdfStream(deflateSync(lines), '/Filter /FlateDecode'),
      pdfStream(textOnPage('Page two')),
      '<< /Title (Lease) /Author (Anna) >>',
    ],
    '/Info 8 0 R',
  );
  const document = await extractBytes('lease.pdf', bytes);
  expect(document.pages).toEqual([
    { number: 1, text: 'First line\nsecond line\n\nNew paragraph' },
    { number: 2, text: 'Page two' },
  ]);
  expect(document).toMatchObject({ title: 'Lease', metadata: { author: 'Anna' }, warnings: [] });
});

it('warns of a page that fails and reads the others', async () => {
  const bytes = pdf([
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [4 0 R 9 0 R] /Count 2 >>',
    FONT,
    page('5 0 R'),
    pdfStream(textOnPage('Readable')),
  ]);
  const document = await extractBytes('half.pdf', bytes);
  expect(document.pages).toEqual([
    { number: 1, text: 'Readable' },
    { number: 2, text: '' },
  ]);
  expect(document.warnings).toEqual([expect.objectContaining({ code: 'document.page_failed', page: 2 })]);
});

it('accepts junk before the header, and no text for a PDF that only speaks of one', async () => {
  const good = onePagePdf(pdfStream(textOnPage('Hello')));
  const document = await extractBytes('x.pdf', Buffer.concat([Buffer.from('\x00\x01junk\n'), good]));
  expect(document.contentType).toBe('application/pdf');
  expect((await extractBytes('about.txt', 'A PDF begins with %PDF-1.7.')).contentType).toBe('text/plain');
});
