import exceljs from 'exceljs';
import { expect, it } from 'vitest';
import { extractBytes } from '../../../test/support/extract-bytes.js';

it('reads each sheet as a page: rows, dates, formulas, rich and linked text, without empty rows and columns', async () => {
  const workbook = new exceljs.Workbook();
  workbook.title = 'Fleet';
  const vans = workbook.addWorksheet('Vans');
  vans.addRow(['plate', 'bought', 'seen', 'km', 'total', null, 'note']);
  vans.addRow([
    'AB 1',
    new Date('2026-05-12'),
    new Date('2026-05-12T09:30:00Z'),
    12.5,
    { formula: 'D2*2', result: 25 },
  ]);
  vans.getCell('G5').value = { richText: [{ text: 'very ' }, { text: 'old', font: { bold: true } }] };
  vans.getCell('A6').value = { text: 'shop', hyperlink: 'https://example.com' };
  vans.getCell('B6').value = true;
  vans.getCell('D6').value = { error: '#N/A' };
  vans.getCell('XFD7').value = ' ';
  vans.mergeCells('A8:C9');
  vans.getCell('A8').value = 'merged';
  workbook.addWorksheet('Empty');
  workbook.addWorksheet('Hidden', { state: 'hidden' }).addRow(['seen']);
  const document = await extractBytes('fleet.xlsx', Buffer.from(await workbook.xlsx.writeBuffer()));
  expect(document.pages).toEqual([
    {
      number: 1,
      text: [
        '# Vans',
        'plate | bought | seen | km | total | note',
        'AB 1 | 2026-05-12 | 2026-05-12T09:30:00 | 12.5 | 25 |',
        ' |  |  |  |  | very old',
        'shop | true |  | #N/A |  |',
        'merged |  |  |  |  |',
      ].join('\n'),
    },
    { number: 2, text: '# Empty' },
    { number: 3, text: '# Hidden\nseen' },
  ]);
  expect(document).toMatchObject({ title: 'Fleet', warnings: [] });
});

it('reads dates of either epoch, times, durations and every script', async () => {
  const workbook = new exceljs.Workbook();
  workbook.properties.date1904 = true;
  const sheet = workbook.addWorksheet('Zeiten');
  sheet.addRow(['day', new Date('2026-02-28')]);
  sheet.addRow(['moment', new Date('2026-02-28T23:59:59Z')]);
  sheet.addRow(['percent', 0.125]);
  sheet.getCell('B3').numFmt = '0.0%';
  sheet.addRow(['שלום', 'مرحبا', 'Cafe\u0301 😀 東京']);
  const document = await extractBytes('x.xlsx', Buffer.from(await workbook.xlsx.writeBuffer()));
  expect(document.pages).toEqual([
    {
      number: 1,
      text: '# Zeiten\nday | 2026-02-28 |\nmoment | 2026-02-28T23:59:59 |\npercent | 0.125 |\nשלום | مرحبا | Café 😀 東京',
    },
  ]);
});
