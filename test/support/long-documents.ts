import exceljs from 'exceljs';
import { FONT, pdf, pdfStream } from './made-files.js';
import { pptxFile, slideShape } from './office-files.js';
import { docxStory, htmlStory, odtStory, rtfStory, type Story } from './story.js';

const PAGES = 300;
const PARAGRAPHS = 8;

/** A document of 300 pages, and the text of its pages. */
export interface LongDocument {
  name: string;
  bytes: Buffer;
  truth: string[];
}

const numbers = Array.from({ length: PAGES }, (_, at) => at + 1);
const sentence = (page: number, paragraph: number) =>
  `Paragraph ${paragraph} of page ${page} tells of the bees, their wax and their honey`;
/** A page of prose: some 2,000 characters. */
const paragraphs = (page: number) =>
  Array.from(
    { length: PARAGRAPHS },
    (_, at) => Array.from({ length: 4 }, () => sentence(page, at + 1)).join(', ') + '.',
  );

/** One of each kind, always the same. */
export async function longDocuments(): Promise<LongDocument[]> {
  const parts: Story['parts'] = numbers.flatMap((page) => [
    { heading: `Page ${page}`, level: 1 },
    ...paragraphs(page).map((text) => ({ text })),
  ]);
  const story = { parts };
  const whole = numbers.map((page) => [`# Page ${page}`, ...paragraphs(page)].join('\n\n')).join('\n\n');
  const one = (name: string, bytes: Buffer | string, truth = whole) => ({
    name,
    bytes: Buffer.from(bytes),
    truth: [truth],
  });
  const rows = numbers.flatMap((page) => paragraphs(page).map((text) => text.split(', ')));
  return [
    one('long.txt', whole),
    one('long.md', whole),
    one('long.html', htmlStory(story)),
    one(
      'long.csv',
      rows.map((row) => row.join(';')).join('\n'),
      rows.map((row) => row.join(' | ')).join('\n'),
    ),
    one(
      'long.eml',
      `From: a@example.com\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n${whole}`,
      `From: a@example.com\n\n${whole}`,
    ),
    one('long.docx', docxStory(story)),
    one('long.odt', odtStory(story)),
    one('long.rtf', rtfStory(story)),
    { name: 'long.pdf', bytes: longPdf(), truth: numbers.map((page) => pdfLines(page).join('\n')) },
    {
      name: 'long.pptx',
      bytes: pptxFile(
        numbers.map((page) => ({
          shapes: slideShape([`Page ${page}`], 'title') + slideShape(paragraphs(page)),
        })),
      ),
      truth: numbers.map((page) => [`# Page ${page}`, ...paragraphs(page)].join('\n\n')),
    },
    {
      name: 'long.xlsx',
      bytes: await longWorkbook(),
      truth: numbers.map((page) => sheetLines(page).join('\n')),
    },
  ];
}

const pdfLines = (page: number) => Array.from({ length: 45 }, (_, at) => sentence(page, at + 1));

function longPdf(): Buffer {
  const objects = numbers.flatMap((page, at) => {
    const shown = pdfLines(page).map((line) => `(${line}) Tj 0 -14 Td`);
    return [
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents ${5 + 2 * at} 0 R /Resources << /Font << /F1 3 0 R >> >> >>`,
      pdfStream(`BT /F1 11 Tf 72 740 Td ${shown.join(' ')} ET`),
    ];
  });
  const kids = numbers.map((_, at) => `${4 + 2 * at} 0 R`).join(' ');
  return pdf([
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [${kids}] /Count ${PAGES} >>`,
    FONT,
    ...objects,
  ]);
}

const sheetLines = (page: number) => [
  `# Sheet ${page}`,
  ...Array.from({ length: 50 }, (_, at) => `${sentence(page, at + 1)} | ${at + 1}`),
];

async function longWorkbook(): Promise<Buffer> {
  const workbook = new exceljs.Workbook();
  for (const page of numbers) {
    const sheet = workbook.addWorksheet(`Sheet ${page}`);
    for (let row = 1; row <= 50; row += 1) sheet.addRow([sentence(page, row), row]);
  }
  return Buffer.from(await workbook.xlsx.writeBuffer());
}
