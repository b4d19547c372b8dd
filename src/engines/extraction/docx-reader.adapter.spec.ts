import { expect, it } from 'vitest';
import { extractBytes } from '../../../test/support/extract-bytes.js';
import { docxEntries, zip, zipEntry } from '../../../test/support/made-files.js';

const paragraph = (text: string, style = '') =>
  `<w:p>${style && `<w:pPr><w:pStyle w:val="${style}"/></w:pPr>`}<w:r><w:t xml:space="preserve">${text}</w:t></w:r></w:p>`;
const cell = (text: string) => `<w:tc>${paragraph(text)}</w:tc>`;
const CORE =
  '<cp:coreProperties><dc:title>Travel &amp; cost</dc:title><dc:creator>Anna</dc:creator>' +
  '<dcterms:created xsi:type="dcterms:W3CDTF">2026-05-12T00:00:00Z</dcterms:created></cp:coreProperties>';

it('reads headings, paragraphs, tables, and what the document says about itself', async () => {
  const table = `<w:tbl><w:tr>${cell('a')}${cell('b')}</w:tr><w:tr>${cell('1')}${cell('2')}</w:tr></w:tbl>`;
  const body =
    paragraph('Rules', 'Heading1') + paragraph('Go by train.') + paragraph('Hotels', 'Heading2') + table;
  const bytes = zip([...docxEntries(body), zipEntry('docProps/core.xml', CORE)]);
  const document = await extractBytes('travel.docx', bytes);
  expect(document.pages).toEqual([
    { number: 1, text: '# Rules\n\nGo by train.\n\n## Hotels\n\na | b\n1 | 2' },
  ]);
  expect(document.title).toBe('Travel & cost');
  expect(document.metadata).toEqual({ author: 'Anna', created_at: '2026-05-12T00:00:00Z' });
});

it('calls a container with broken insides corrupt', async () => {
  const bytes = zip([...docxEntries('').slice(0, 2), zipEntry('word/document.xml', '<w:document><unclosed')]);
  await expect(extractBytes('x.docx', bytes)).rejects.toMatchObject({ code: 'document.corrupt' });
});

it('calls a container with a password encrypted', async () => {
  const bytes = zip(docxEntries(''));
  for (const signature of ['PK\x03\x04', 'PK\x01\x02']) {
    const flagsAt = bytes.indexOf(signature, 0, 'latin1') + (signature === 'PK\x03\x04' ? 6 : 8);
    bytes.writeUInt16LE(1, flagsAt);
  }
  await expect(extractBytes('x.docx', bytes)).rejects.toMatchObject({ code: 'document.encrypted' });
});
