import { expect, it } from 'vitest';
import { extractBytes } from '../../../test/support/extract-bytes.js';
import { docxEntries, onePagePdf, pdfStream, textOnPage, zip } from '../../../test/support/made-files.js';

const words = 'Only words, and no more than that.';

it('reads by the bytes and warns when the name promised something else', async () => {
  const bytes = onePagePdf(pdfStream(textOnPage('Hello')));
  for (const name of ['x.docx', 'x.txt', 'x.png', 'X.HTML']) {
    const document = await extractBytes(name, bytes);
    expect(document.contentType).toBe('application/pdf');
    expect(document.warnings).toEqual([expect.objectContaining({ code: 'document.type_mismatch' })]);
  }
  expect((await extractBytes('x.pdf', words)).warnings).toHaveLength(1);
  expect((await extractBytes('x', bytes, { declaredType: 'text/html' })).warnings).toHaveLength(1);
});

it('does not warn when the name tells, or nothing tells', async () => {
  const bytes = onePagePdf(pdfStream(textOnPage('Hello')));
  expect((await extractBytes('x.pdf', bytes, { declaredType: 'text/html' })).warnings).toEqual([]);
  expect((await extractBytes('x', bytes, { declaredType: 'application/octet-stream' })).warnings).toEqual([]);
  expect((await extractBytes('x.json', '{"a": 1}')).warnings).toEqual([]);
  expect((await extractBytes('x.docm', zip(docxEntries('<w:p/>')))).warnings).toMatchObject([
    { code: 'document.no_text' },
  ]);
  expect(
    (await extractBytes('notes', '# A\n\n[b](c)', { declaredType: 'text/plain; charset=utf-8' })).warnings,
  ).toEqual([]);
});

it('takes the declared type for a hint when the name says nothing', async () => {
  const document = await extractBytes('blob', 'a,b\n1,2\n', { declaredType: 'text/csv' });
  expect(document.pages[0].text).toBe('a | b\n1 | 2');
});

it('warns of a doubtful encoding, and of a document without text', async () => {
  const doubtful = await extractBytes('x.txt', Buffer.from('Tür', 'latin1'));
  expect(doubtful.warnings).toMatchObject([{ code: 'document.encoding' }]);
  expect((await extractBytes('x.txt', ' \n ')).warnings).toMatchObject([{ code: 'document.no_text' }]);
});

it('reads text that begins like a picture or a program', async () => {
  for (const text of [
    'BM25 ranks documents.',
    'MZ is a prefix.',
    'ID3 tags name songs.',
    'GIF89a was a format.',
    'PKI is no zip.',
  ]) {
    expect((await extractBytes('notes.txt', text)).pages[0].text).toBe(text);
  }
});

it('stops at the limit of characters', async () => {
  const limits = { characters: words.length - 1 };
  for (const name of ['x.txt', 'x.md', 'x.html']) {
    await expect(extractBytes(name, words, { limits })).rejects.toMatchObject({ code: 'document.too_large' });
  }
  const html = `<!doctype html><p class="${'x'.repeat(100)}">${words}`;
  expect((await extractBytes('x.html', html, { limits: { characters: words.length } })).pages[0].text).toBe(
    words,
  );
});

it('says that its own copy of the file is gone rather than blame the document', async () => {
  const { extractDocument } = await import('./extraction-job.js');
  const file = { path: '/nonexistent', fileName: 'x.pdf' };
  const { DEFAULT_EXTRACTION_LIMITS: limits } = await import('./extraction-limits.js');
  await expect(extractDocument({ file, limits })).rejects.toMatchObject({ code: 'ENOENT' });
});
