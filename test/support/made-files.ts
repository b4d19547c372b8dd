import { constants, crc32, deflateRawSync } from 'node:zlib';

const MIB = 1024 ** 2;

export interface ZipEntry {
  name: string;
  /** Raw deflate (RFC 1951). */
  deflated: Buffer;
  sizeBytes: number;
  crc: number;
}

export function zipEntry(name: string, content: string | Buffer): ZipEntry {
  const bytes = Buffer.from(content);
  return { name, deflated: deflateRawSync(bytes), sizeBytes: bytes.length, crc: crc32(bytes) };
}

/** One character again and again, deflated block by block: a gigabyte is never held. */
export function repeatedEntry(name: string, character: string, mebibytes: number): ZipEntry {
  const block = Buffer.alloc(16 * MIB, character);
  const deflated = deflateRawSync(block, { finishFlush: constants.Z_FULL_FLUSH });
  const blocks = Array<Buffer>(mebibytes / 16).fill(deflated);
  const crc = blocks.reduce((sum) => crc32(block, sum), 0);
  return { name, deflated: Buffer.concat([...blocks, Buffer.from([3, 0])]), sizeBytes: mebibytes * MIB, crc };
}

/** A zip archive (APPNOTE 4.3) without data descriptors. */
export function zip(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, deflated, sizeBytes, crc } of entries) {
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(8, 4);
    fields.writeUInt32LE(crc, 10);
    fields.writeUInt32LE(deflated.length, 14);
    fields.writeUInt32LE(sizeBytes, 18);
    fields.writeUInt16LE(Buffer.byteLength(name), 22);
    parts.push(Buffer.from('PK\x03\x04'), fields, Buffer.from(name), deflated);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\0'), fields, place, Buffer.from(name));
    offset += 30 + Buffer.byteLength(name) + deflated.length;
  }
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(Buffer.concat(directory).length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, ...directory, Buffer.from('PK\x05\x06'), end]);
}

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
const OFFICE = 'http://schemas.openxmlformats.org';
const relationships = (target: string, type: string) =>
  `${XML}<Relationships xmlns="${OFFICE}/package/2006/relationships"><Relationship Id="rId1" Type="${OFFICE}/officeDocument/2006/relationships/${type}" Target="${target}"/></Relationships>`;
const contentTypes = (part: string, type: string) =>
  `${XML}<Types xmlns="${OFFICE}/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="${part}" ContentType="application/vnd.openxmlformats-officedocument.${type}+xml"/></Types>`;

/** The entries of a Word document with this body. */
export function docxEntries(body: string): ZipEntry[] {
  return [
    zipEntry('[Content_Types].xml', contentTypes('/word/document.xml', 'wordprocessingml.document.main')),
    zipEntry('_rels/.rels', relationships('word/document.xml', 'officeDocument')),
    zipEntry(
      'word/document.xml',
      `${XML}<w:document xmlns:w="${OFFICE}/wordprocessingml/2006/main"><w:body>${body}</w:body></w:document>`,
    ),
  ];
}

/** The entries of a workbook with this one sheet. */
export function xlsxEntries(sheet: string): ZipEntry[] {
  const main = `xmlns="${OFFICE}/spreadsheetml/2006/main"`;
  return [
    zipEntry('[Content_Types].xml', contentTypes('/xl/workbook.xml', 'spreadsheetml.sheet.main')),
    zipEntry('_rels/.rels', relationships('xl/workbook.xml', 'officeDocument')),
    zipEntry(
      'xl/workbook.xml',
      `${XML}<workbook ${main} xmlns:r="${OFFICE}/officeDocument/2006/relationships"><sheets><sheet name="One" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    ),
    zipEntry('xl/_rels/workbook.xml.rels', relationships('worksheets/sheet1.xml', 'worksheet')),
    zipEntry('xl/worksheets/sheet1.xml', `${XML}<worksheet ${main}>${sheet}</worksheet>`),
  ];
}

/** A PDF of these objects, the first being the catalogue; numbers count from 1. */
export function pdf(objects: readonly (string | Buffer)[], trailer = ''): Buffer {
  const parts = [Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n', 'latin1')];
  let offset = parts[0].length;
  const offsets = objects.map((object, at) => {
    const start = offset;
    const part = Buffer.concat([
      Buffer.from(`${at + 1} 0 obj\n`),
      Buffer.from(object),
      Buffer.from('\nendobj\n'),
    ]);
    parts.push(part);
    offset += part.length;
    return start;
  });
  const rows = offsets.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('');
  const size = objects.length + 1;
  parts.push(
    Buffer.from(
      `xref\n0 ${size}\n0000000000 65535 f \n${rows}trailer\n<< /Size ${size} /Root 1 0 R ${trailer} >>\nstartxref\n${offset}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(parts);
}

export function pdfStream(content: Buffer | string, dictionary = ''): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([
    Buffer.from(`<< /Length ${bytes.length} ${dictionary} >>\nstream\n`),
    bytes,
    Buffer.from('\nendstream'),
  ]);
}

export const FONT = '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>';

/** A PDF of one page with this content stream; further objects count from 6. */
export function onePagePdf(
  content: Buffer,
  resources = '',
  further: (string | Buffer)[] = [],
  trailer = '',
): Buffer {
  return pdf(
    [
      '<< /Type /Catalog /Pages 2 0 R >>',
      '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> ${resources} >> >>`,
      content,
      FONT,
      ...further,
    ],
    trailer,
  );
}

export const textOnPage = (text: string) => `BT /F1 12 Tf 72 720 Td (${text}) Tj ET`;
