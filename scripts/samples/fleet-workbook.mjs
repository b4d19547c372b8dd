import ExcelJS from 'exceljs';
import { dated } from './zip.mjs';

const day = (text) => new Date(`${text}T00:00:00Z`);

const VEHICLES = [
  ['V-01', 'Delivery van, electric', 'CB-LK 204', day('2023-04-17'), 61240, 'Marta Reyes', 'Heated seat out of order'],
  ['V-02', 'Delivery van, electric', 'CB-LK 205', day('2023-04-17'), 58990, 'Jonas Feld', null],
  ['V-03', 'Refrigerated lorry, 7.5 t', 'CB-LK 310', day('2020-09-02'), 214870, 'Petra Sand', 'Cooling unit replaced in 2024'],
  ['V-04', 'Pick-up with crane', 'CB-LK 118', day('2018-06-25'), 167320, 'Ali Kaya', 'Sell before the next inspection'],
  ['V-05', 'Cargo bicycle', null, day('2025-03-03'), 2410, 'whoever is nearest', 'Charge the battery indoors in winter'],
];

const SERVICES = [
  [day('2026-01-12'), 'V-03', 'Brake discs and pads, front axle', 'Castle Motors', 684.5, 'Pads worn unevenly, caliper freed'],
  [day('2026-02-03'), 'V-01', 'Two winter tyres after a puncture', 'Rubber & Rim', 312, 'Nail from the building site'],
  [day('2026-02-20'), 'V-05', 'Chain, sprockets, brake cables', 'Spoke', 96.4, null],
  [day('2026-03-09'), 'V-04', 'Hydraulic hose of the crane', 'Castle Motors', 241.75, 'Was leaking oil onto the yard'],
  [day('2026-04-28'), 'V-03', 'Yearly check of the refrigeration unit', 'PolarTech', 430, 'Refrigerant topped up by 0.4 kg'],
  [day('2026-05-11'), 'V-02', 'Windscreen replaced', 'Glass Round the Clock', 389.9, 'Stone chip on the motorway, paid by insurance'],
];

/** A workbook of two sheets with texts, numbers, dates, a formula and empty cells. */
export async function fleetWorkbook() {
  const book = new ExcelJS.Workbook();
  book.creator = 'Larkfield Cold Store';
  book.created = book.modified = day('2026-05-12');
  addSheet(book, 'Vehicles', ['Number', 'Kind', 'Plate', 'In service since', 'Kilometres', 'Driver', 'Note'], VEHICLES);
  const services = addSheet(book, 'Services', ['Date', 'Vehicle', 'Work', 'Garage', 'Cost (EUR)', 'Remark'], SERVICES);
  const total = SERVICES.reduce((sum, [, , , , cost]) => sum + cost, 0);
  services.addRow([null, null, 'Total', null, { formula: `SUM(E2:E${SERVICES.length + 1})`, result: total }]);
  return dated(await book.xlsx.writeBuffer());
}

function addSheet(book, name, header, rows) {
  const sheet = book.addWorksheet(name);
  sheet.addRow(header).font = { bold: true };
  for (const row of rows) sheet.addRow(row);
  sheet.columns.forEach((column, at) => {
    column.width = Math.max(12, ...[header, ...rows].map((row) => String(row[at] ?? '').slice(0, 40).length));
    if (rows.some((row) => row[at] instanceof Date)) column.numFmt = 'yyyy-mm-dd';
  });
  return sheet;
}
