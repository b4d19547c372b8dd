/**
 * Makes the binary documents below `samples/documents` from the texts below `samples/sources`, with Node, exceljs
 * and, for pictures, pdf.js and sharp. The results are committed; run it again after editing a source: `node scripts/make-samples.mjs`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import sharp from 'sharp';
import { toDocx } from './samples/docx.mjs';
import { toEml } from './samples/eml.mjs';
import { parseMarkdown } from './samples/markdown.mjs';
import { toOdt } from './samples/odt.mjs';
import { toPdf } from './samples/pdf.mjs';
import { asScanned, toPictures, toScannedPdf } from './samples/scan.mjs';
import { toPptx } from './samples/pptx.mjs';
import { toRtf } from './samples/rtf.mjs';
import { fleetWorkbook } from './samples/fleet-workbook.mjs';

const folder = new URL('../samples/', import.meta.url);
const source = (name) => readFileSync(new URL(`sources/${name}`, folder), 'utf8');
const write = (name, bytes) => writeFileSync(new URL(`documents/${name}`, folder), bytes);

write('travel-policy.docx', toDocx(parseMarkdown(source('travel-policy.md'))));
write('workshop-lease.pdf', toPdf(parseMarkdown(source('workshop-lease.md'))));
write('lighthouse-tour.pptx', toPptx(parseMarkdown(source('lighthouse-tour.md'))));
write('choir-trip.odt', toOdt(parseMarkdown(source('choir-trip.md')), { author: 'Joan Abbey' }));
write('piano-report.rtf', toRtf(parseMarkdown(source('piano-report.md')), { author: 'Tobias Wren' }));
write('fleet-maintenance.xlsx', await fleetWorkbook());
write(
  'supplier-delay.eml',
  toEml({
    from: ['José Quintão', 'jose@quintao-ceramics.example'],
    to: ['Nuala Halloran', 'nuala@halloran-interiors.example'],
    subject: 'Order 88213: your wall tiles will be late – what happened and what we offer',
    date: 'Sat, 16 May 2026 09:12:44 +0200',
    text: source('supplier-delay.txt'),
    attachment: { name: 'delivery-plan.csv', type: 'text/csv', text: source('delivery-plan.csv') },
  }),
);

const [report] = await toPictures(toPdf(parseMarkdown(source('boiler-inspection.md'))), 150);
write('boiler-inspection.pdf', await toScannedPdf([await asScanned(report, -0.9)]));
const [notice] = await toPictures(toPdf(parseMarkdown(source('lost-parrot.md'))), 110);
write(
  'lost-parrot.jpg',
  await sharp(await asScanned(notice, 1.4))
    .rotate(90)
    .jpeg({ quality: 40, mozjpeg: true })
    .toBuffer(),
);
