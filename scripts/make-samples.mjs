/**
 * Makes the binary documents below `samples/documents` from the texts below `samples/sources`, with nothing but Node and
 * exceljs. The results are committed; run it again after editing a source: `node scripts/make-samples.mjs`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { toDocx } from './samples/docx.mjs';
import { toEml } from './samples/eml.mjs';
import { parseMarkdown } from './samples/markdown.mjs';
import { toPdf } from './samples/pdf.mjs';
import { fleetWorkbook } from './samples/fleet-workbook.mjs';

const folder = new URL('../samples/', import.meta.url);
const source = (name) => readFileSync(new URL(`sources/${name}`, folder), 'utf8');
const write = (name, bytes) => writeFileSync(new URL(`documents/${name}`, folder), bytes);

write('travel-policy.docx', toDocx(parseMarkdown(source('travel-policy.md'))));
write('workshop-lease.pdf', toPdf(parseMarkdown(source('workshop-lease.md'))));
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
