import { TOO_MUCH, truncated, type BadFile } from './bad-file.js';
import { docxEntries, repeatedEntry, zip, zipEntry } from './made-files.js';
import { odtFile, pptxFile, rtfFile, slideShape } from './office-files.js';

const A_PARAGRAPH = '<text:p>A paragraph</text:p>'.repeat(200);

/** @param locked what a password makes of an office document of Microsoft's */
export function mistakenOfficeFiles(locked: Buffer): BadFile[] {
  const goodPptx = pptxFile([{ shapes: slideShape(['A slide']) }]);
  return [
    { name: 'letter.rtf', bytes: Buffer.from('{\\rtf1 Dear all}'), faults: [] },
    { name: 'really-slides.docx', bytes: goodPptx, faults: [], warning: 'document.type_mismatch' },
    { name: 'encrypted.pptx', bytes: locked, faults: ['document.encrypted'] },
    { name: 'encrypted.odt', bytes: encryptedOdt(), faults: ['document.encrypted'] },
    { name: 'truncated.pptx', bytes: truncated(goodPptx), faults: ['document.corrupt'] },
    { name: 'truncated.odt', bytes: truncated(odtFile({ body: A_PARAGRAPH })), faults: ['document.corrupt'] },
    { name: 'truncated.rtf', bytes: truncated(rtfFile('Dear all,\\par')), faults: ['document.corrupt'] },
    {
      name: 'sheet.ods',
      bytes: odtFile({ body: '', mimetype: 'application/vnd.oasis.opendocument.spreadsheet' }),
      faults: ['document.unsupported'],
    },
  ];
}

export function hostileOfficeFiles(): BadFile[] {
  return [
    { name: 'bomb.pptx', bytes: bombIn('ppt/slides/slide1.xml'), faults: ['document.too_large'] },
    { name: 'bomb.odt', bytes: bombIn('content.xml'), faults: ['document.too_large'] },
    { name: 'laughs.odt', bytes: odtWithDoctype(LAUGHS, '&i;'), faults: ['document.corrupt'] },
    { name: 'laughs.docx', bytes: docxWithDoctype(LAUGHS, '&i;'), faults: ['document.corrupt'] },
    {
      name: 'foreign.odt',
      bytes: odtWithDoctype('[<!ENTITY x SYSTEM "file:///etc/passwd">]', '&x;'),
      faults: ['document.corrupt'],
    },
    { name: 'foreign-dtd.odt', bytes: odtWithDoctype('SYSTEM "http://127.0.0.1:9/x.dtd"', 'x'), faults: [] },
    {
      name: 'deep.odt',
      bytes: odtFile({ body: '<text:section>'.repeat(50_000) + '</text:section>'.repeat(50_000) }),
      faults: ['document.too_large'],
    },
    {
      name: 'deep.pptx',
      bytes: pptxFile([{ shapes: '<p:grpSp>'.repeat(50_000) + '</p:grpSp>'.repeat(50_000) }]),
      faults: ['document.too_large'],
    },
    {
      name: 'deep.rtf',
      bytes: rtfFile('{'.repeat(100_000) + 'x' + '}'.repeat(100_000)),
      faults: ['document.too_large'],
    },
    { name: 'cells.rtf', bytes: rtfFile('\\cell'.repeat(10_000_000)), faults: TOO_MUCH },
    { name: 'binary.rtf', bytes: rtfFile('{\\pict\\bin2147483647 x}'), faults: ['document.corrupt'] },
  ];
}

/** A gigabyte of blanks as a part of a presentation or a text of OpenDocument. */
function bombIn(name: string): Buffer {
  const type = name.startsWith('ppt')
    ? zipEntry('[Content_Types].xml', 'presentationml.presentation.main+xml')
    : zipEntry('mimetype', 'application/vnd.oasis.opendocument.text');
  return zip([type, repeatedEntry(name, ' ', 1_024)]);
}

/** Each entity is ten of the one before: a thousand million in the end. */
const LAUGHS = `[<!ENTITY a "ha">${'bcdefghi'
  .split('')
  .map((name, at) => `<!ENTITY ${name} "${`&${'abcdefgh'[at]};`.repeat(10)}">`)
  .join('')}]`;

function odtWithDoctype(doctype: string, text: string): Buffer {
  const content =
    `<?xml version="1.0"?><!DOCTYPE office:document-content ${doctype}>` +
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">' +
    `<office:body><office:text><text:p>${text}</text:p></office:text></office:body></office:document-content>`;
  return zip([
    zipEntry('mimetype', 'application/vnd.oasis.opendocument.text'),
    zipEntry('content.xml', content),
  ]);
}

function docxWithDoctype(doctype: string, text: string): Buffer {
  const document = `<?xml version="1.0"?><!DOCTYPE w:document ${doctype}><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>${text}</w:t></w:r></w:p></w:body></w:document>`;
  return zip(
    docxEntries('').map((entry) =>
      entry.name === 'word/document.xml' ? zipEntry(entry.name, document) : entry,
    ),
  );
}

/** A part that is encrypted says so in the manifest (OpenDocument 1.3, part 2, 3.4). */
function encryptedOdt(): Buffer {
  const entry =
    '<manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry>';
  return odtFile({ body: '', manifest: entry });
}
