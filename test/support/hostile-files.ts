import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { TOO_MUCH, truncated, type BadFile } from './bad-file.js';
import {
  docxEntries,
  onePagePdf,
  pdf,
  pdfStream,
  repeatedEntry,
  textOnPage,
  xlsxEntries,
  zip,
  type ZipEntry,
} from './made-files.js';
import { hostileOfficeFiles, mistakenOfficeFiles } from './hostile-office-files.js';

/** What people send by mistake. */
export function mistakenFiles(): BadFile[] {
  const goodPdf = onePagePdf(pdfStream(textOnPage('A page')));
  const goodDocx = zip(docxEntries('<w:p><w:r><w:t>A paragraph</w:t></w:r></w:p>'.repeat(200)));
  return [
    { name: 'empty.pdf', bytes: Buffer.alloc(0), faults: ['document.empty'] },
    { name: 'really-a-pdf.docx', bytes: goodPdf, faults: [], warning: 'document.type_mismatch' },
    {
      name: 'really-text.pdf',
      bytes: Buffer.from('Only words.\n'),
      faults: [],
      warning: 'document.type_mismatch',
    },
    { name: `${'😀'.repeat(50)}${'x'.repeat(450)}.pdf`, bytes: goodPdf, faults: [] },
    {
      name: 'no text.pdf',
      bytes: onePagePdf(pdfStream('0 0 99 99 re f')),
      faults: [],
      warning: 'document.no_text',
    },
    { name: 'encrypted.pdf', bytes: encryptedPdf('secret'), faults: ['document.encrypted'] },
    { name: 'encrypted.docx', bytes: encryptedOffice(), faults: ['document.encrypted'] },
    { name: 'truncated.pdf', bytes: truncated(goodPdf), faults: ['document.corrupt'] },
    { name: 'truncated.docx', bytes: truncated(goodDocx), faults: ['document.corrupt'] },
    { name: 'truncated.xlsx', bytes: truncated(zip(xlsxEntries(''))), faults: ['document.corrupt'] },
    { name: 'picture.png', bytes: png(), faults: [], warning: 'document.no_text' },
    { name: 'picture.txt', bytes: png(), faults: [], warning: 'document.type_mismatch' },
    { name: 'truncated.png', bytes: truncated(png()), faults: ['document.corrupt'] },
    { name: 'song.mp3', bytes: song(), faults: ['document.unsupported'] },
    { name: 'song.txt', bytes: song(), faults: ['document.unsupported'] },
    { name: 'noise.pdf', bytes: noise(50_000), faults: ['document.unsupported'] },
    {
      name: 'archive.docx',
      bytes: zip([{ ...repeatedEntry('x', 'x', 16) }]),
      faults: ['document.unsupported'],
    },
    {
      name: 'letter.ps',
      bytes: Buffer.from('%!PS-Adobe-3.0\n(Dear all) show'),
      faults: ['document.unsupported'],
    },
    ...mistakenOfficeFiles(encryptedOffice()),
  ];
}

/** What people send on purpose. Every one of them is small. */
export function hostileFiles(): BadFile[] {
  return [
    { name: 'bomb.docx', bytes: bomb(docxEntries(''), 'word/document.xml'), faults: ['document.too_large'] },
    {
      name: 'bomb.xlsx',
      bytes: bomb(xlsxEntries(''), 'xl/worksheets/sheet1.xml'),
      faults: ['document.too_large'],
    },
    {
      name: 'lying-bomb.docx',
      bytes: bomb(docxEntries(''), 'word/document.xml', 100),
      faults: ['document.too_large'],
    },
    { name: 'bomb.png', bytes: pictureBomb(), faults: ['document.too_large'] },
    { name: 'many-parts.docx', bytes: manyParts(), faults: ['document.too_large'] },
    { name: 'bomb.pdf', bytes: pdfBomb(448), faults: TOO_MUCH },
    {
      name: 'forms-in-forms.pdf',
      bytes: formsInForms(),
      faults: ['sandbox.timeout', 'sandbox.out_of_memory'],
    },
    { name: 'endless-pages.pdf', bytes: pagesInCircles(), faults: ['document.corrupt'] },
    {
      name: 'far-row.xlsx',
      bytes: sheet('<row r="4294967295"><c r="A1"><v>1</v></c></row>'),
      faults: ['sandbox.timeout'],
    },
    { name: 'whole-sheet-merge.xlsx', bytes: wholeSheetRanges(), faults: [] },
    { name: 'deep.html', bytes: html('<div>'.repeat(20_000)), faults: ['document.too_large'] },
    {
      name: 'deep-lists.html',
      bytes: html('<ul><li>'.repeat(600) + 'x<br>'.repeat(100_000)),
      faults: TOO_MUCH,
    },
    {
      name: 'deep.docx',
      bytes: zip(docxEntries('<w:r>'.repeat(50_000) + '</w:r>'.repeat(50_000))),
      faults: ['document.too_large'],
    },
    { name: 'parts.eml', bytes: mailOfParts(1_000_000), faults: TOO_MUCH },
    {
      name: 'commas.csv',
      bytes: Buffer.from(`${','.repeat(4_000_000)}\n`.repeat(4)),
      faults: TOO_MUCH,
    },
    ...hostileOfficeFiles(),
    { name: 'marks.txt', bytes: Buffer.from('a' + '\u0301\u0316'.repeat(2_000_000)), faults: [] },
  ];
}

/** Writes bad files into a folder of their own, under short names. */
export async function writeBadFiles(files: readonly BadFile[]) {
  const folder = await mkdtemp(join(tmpdir(), 'bad-files-'));
  const paths = files.map((_, at) => join(folder, String(at)));
  for (const [at, { bytes }] of files.entries()) await writeFile(paths[at], bytes);
  return { folder, paths, remove: () => rm(folder, { recursive: true }) };
}

function png(): Buffer {
  return Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
    'base64',
  );
}

/** A picture of a billion white pixels that takes a few kilobytes. */
function pictureBomb(): Buffer {
  const side = 32_000;
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header[8] = 1;
  const rows = deflateSync(Buffer.alloc(side * (side / 8 + 1)));
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', rows),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A frame of MPEG audio behind a tag. */
function song(): Buffer {
  return Buffer.concat([
    Buffer.from('ID3\x04\0\0\0\0\0\0', 'latin1'),
    Buffer.from([0xff, 0xfb, 0x90, 0x64]),
    Buffer.alloc(413),
  ]);
}

/** The same bytes on every run, and like no format. */
function noise(length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, at) =>
    createHash('sha256').update(`${at}`).digest(),
  );
  return Buffer.concat([Buffer.from([7, 7, 7]), ...blocks]).subarray(0, length);
}

/** A gigabyte in one part of an office document; its headers may claim less. */
function bomb(entries: readonly ZipEntry[], name: string, claimedBytes?: number): Buffer {
  const huge = repeatedEntry(name, ' ', 1_024);
  return zip(
    entries.map((entry) =>
      entry.name === name ? { ...huge, sizeBytes: claimedBytes ?? huge.sizeBytes } : entry,
    ),
  );
}

function manyParts(): Buffer {
  const part = { deflated: Buffer.from([3, 0]), sizeBytes: 0, crc: 0 };
  const parts = Array.from({ length: 20_000 }, (_, at) => ({ name: `word/${at}`, ...part }));
  return zip([...docxEntries(''), ...parts]);
}

/** Deflated twice: some kilobytes become some hundred megabytes. */
function pdfBomb(mebibytes: number): Buffer {
  const { deflated } = repeatedEntry('', ' ', mebibytes);
  const inner = Buffer.concat([Buffer.from([0x78, 0x9c]), deflated, Buffer.alloc(4)]);
  return onePagePdf(pdfStream(deflateSync(inner), '/Filter [/FlateDecode /FlateDecode]'));
}

/** Twelve forms, each of which draws the next ten times. */
function formsInForms(): Buffer {
  const form = (content: string, next: number) =>
    pdfStream(
      content,
      `/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X ${next} 0 R >> /Font << /F1 5 0 R >> >>`,
    );
  const forms = Array.from({ length: 12 }, (_, at) => form('/X Do '.repeat(10), at + 7));
  return onePagePdf(pdfStream('/X Do'), '/XObject << /X 6 0 R >>', [...forms, form(textOnPage('ha'), 5)]);
}

function pagesInCircles(): Buffer {
  return pdf(['<< /Type /Catalog /Pages 2 0 R >>', '<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 >>']);
}

function sheet(rows: string, after = ''): Buffer {
  return zip(xlsxEntries(`<sheetData>${rows}</sheetData>${after}`));
}

/** Ranges that a naive reader takes apart cell by cell: 17,179,869,184 of them. */
function wholeSheetRanges(): Buffer {
  const range = 'A1:XFD1048576';
  const merge = `<mergeCells count="1"><mergeCell ref="${range}"/></mergeCells>`;
  const validation = `<dataValidations count="1"><dataValidation type="list" sqref="${range}"><formula1>"a"</formula1></dataValidation></dataValidations>`;
  return sheet('<row r="1"><c r="A1"><v>1</v></c></row>', merge + validation);
}

function html(body: string): Buffer {
  return Buffer.from(`<!doctype html><body>${body}`);
}

function mailOfParts(count: number): Buffer {
  const headers =
    'From: a@example.com\nSubject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=a\n\n';
  return Buffer.from(headers + '--a\n\n'.repeat(count));
}

/** An OLE container with the stream that a password makes of an office document (MS-OFFCRYPTO 2.3.4). */
function encryptedOffice(): Buffer {
  const magic = Buffer.from('d0cf11e0a1b11ae1', 'hex');
  return Buffer.concat([magic, Buffer.alloc(504), Buffer.from('EncryptedPackage', 'utf16le'), noise(2_000)]);
}

const PADDING = Buffer.from('28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a', 'hex');

/** A PDF that opens with a password only: the standard handler of PDF 1.4, revision 2, RC4 with 40 bits. */
function encryptedPdf(password: string): Buffer {
  const padded = Buffer.concat([Buffer.from(password), PADDING]).subarray(0, 32);
  const id = createHash('md5').update('intake').digest();
  const permissions = Buffer.from([0xfc, 0xff, 0xff, 0xff]);
  const owner = rc4(md5(padded).subarray(0, 5), padded);
  const key = md5(Buffer.concat([padded, owner, permissions, id])).subarray(0, 5);
  const user = rc4(key, PADDING);
  const contentKey = md5(Buffer.concat([key, Buffer.from([4, 0, 0, 0, 0])])).subarray(0, 10);
  const hex = (bytes: Buffer) => `<${bytes.toString('hex')}>`;
  const dictionary = `<< /Filter /Standard /V 1 /R 2 /O ${hex(owner)} /U ${hex(user)} /P -4 >>`;
  const content = pdfStream(rc4(contentKey, Buffer.from(textOnPage('Secret'))));
  return onePagePdf(content, '', [dictionary], `/Encrypt 6 0 R /ID [${hex(id)} ${hex(id)}]`);
}

function md5(bytes: Buffer): Buffer {
  return createHash('md5').update(bytes).digest();
}

function rc4(key: Buffer, data: Buffer): Buffer {
  const state = Array.from({ length: 256 }, (_, at) => at);
  const swap = (one: number, other: number) => ([state[one], state[other]] = [state[other], state[one]]);
  for (let at = 0, mixed = 0; at < 256; at += 1) {
    mixed = (mixed + state[at] + key[at % key.length]) & 255;
    swap(at, mixed);
  }
  let mixed = 0;
  return Buffer.from(data).map((byte, index) => {
    const at = (index + 1) & 255;
    mixed = (mixed + state[at]) & 255;
    swap(at, mixed);
    return byte ^ state[(state[at] + state[mixed]) & 255];
  }) as Buffer;
}
