import { expect, it } from 'vitest';
import { extractBytes, textOf } from '../../../test/support/extract-bytes.js';
import { rtfFile } from '../../../test/support/office-files.js';

const text = (body: string, before = '') => textOf('x.rtf', rtfFile(body, before));

it('decodes each font in the code page of its character set', async () => {
  const fonts = [
    [204, "\\'cf\\'f0\\'e8\\'e2\\'e5\\'f2", 'Привет'],
    [161, "\\'c1\\'e8\\'de\\'ed\\'e1", 'Αθήνα'],
    [238, "\\'9e\\'edt", 'žít'],
    [177, "\\'f9\\'ec\\'e5\\'ed", 'שלום'],
    [178, "\\'e3\\'d1\\'cd\\'c8\\'c7", 'مرحبا'],
    [128, "\\'93\\'8c\\'8b\\'9e", '東京'],
    [134, "\\'b6\\'ab\\'be\\'a9", '东京'],
    [136, "\\'aaF\\'a8\\'ca", '東京'],
    [129, "\\'c7\\'d1\\'b1\\'db", '한글'],
    [222, "\\'e4\\'b7\\'c2", 'ไทย'],
    [77, "caf\\'8e", 'café'],
    [254, "\\'81ber", 'über'],
    [0, "\\'93caf\\'e9\\'94 \\'80", '“café” €'],
  ] as const;
  const table = fonts.map(([charset], at) => `{\\f${at + 1}\\fnil\\fcharset${charset} Some Font;}`).join('');
  const body = fonts.map(([, bytes], at) => `\\f${at + 1} ${bytes}\\par`).join('\n');
  expect(await text(body, `{\\fonttbl${table}}`)).toBe(fonts.map(([, , said]) => said).join('\n\n'));
});

it('decodes text without a font in the code page of the document', async () => {
  const bytes = Buffer.from("{\\rtf1\\ansi\\ansicpg1251 \\'cf\\'f0\xe8\\par}", 'latin1');
  expect(await textOf('x.rtf', bytes)).toBe('При');
  expect(await textOf('x.rtf', "{\\rtf1\\mac caf\\'8e}")).toBe('café');
  expect(await textOf('x.rtf', "{\\rtf1\\pc \\'9a}")).toBe('Ü');
});

it('takes Unicode for what it says and skips what stands in for it', async () => {
  expect(await text("\\u8364? \\u-10179?\\u-8704? \\uc2\\u1080\\'a8\\'ba{\\uc0\\u1081}x \\uc0\\u233 e")).toBe(
    '€ 😀 ийx ée',
  );
  expect(await text('\\uc1\\u233\\bullet x {\\u233}yes\\u233\\{z')).toBe('éx éyeséz');
});

it('knows the characters that have words, and what an escape escapes', async () => {
  expect(
    await text(
      'a\\~b\\_c\\-d \\lquote e\\rquote\\emdash\\endash\\ldblquote f\\rdblquote\\tab\\bullet \\{\\}\\\\',
    ),
  ).toBe('a b‑cd ‘e’—–“f”\t•{}\\');
  expect(await text('one\\line two\\\nthree\\par\\par four')).toBe('one\ntwo\n\nthree\n\nfour');
});

it('reads headings by their style or outline, and what the document says about itself', async () => {
  const before =
    '{\\stylesheet{\\s0 Normal;}{\\*\\cs10 Char;}{\\s5\\sbasedon0 heading 2;}{\\s6\\outlinelevel2 Mine;}{\\s7 Title;}}' +
    '{\\info{\\title Garden \\u8211? plan}{\\author Ida}{\\creatim\\yr2026\\mo5\\dy12\\hr9\\min5}{\\operator Ben}}';
  const body =
    '\\pard\\s7 Plan\\par\\pard\\s5 Two\\par\\pard\\s6 Three\\par\\pard\\outlinelevel0 One\\par\\pard\\s0 Text\\par';
  const document = await extractBytes('x.rtf', rtfFile(body, before));
  expect(document.pages[0]?.text).toBe('# Plan\n\n## Two\n\n### Three\n\n# One\n\nText');
  expect(document).toMatchObject({
    contentType: 'application/rtf',
    title: 'Garden – plan',
    metadata: { author: 'Ida', created_at: '2026-05-12T09:05' },
  });
});

it('leaves out what is hidden, deleted, a picture, an object, a field of pages, or unknown', async () => {
  const body =
    'Seen{\\v  hidden}{\\deleted  deleted} {\\pict\\pngblip 89504e47}{\\*\\unknown x}{\\pict\\bin5 {{{{{}' +
    '{\\object{\\*\\objdata 0105}{\\result shown}} {\\field{\\*\\fldinst PAGE}{\\fldrslt 7}}' +
    '{\\field{\\*\\fldinst{HYPERLINK "https://example.com"}}{\\fldrslt{linked}}}' +
    '{\\*\\bkmkstart here}{\\upr{plain}{\\*\\ud{ \\u8364?}}}{\\v no}\\v no\\v0  yes';
  expect(await text(body)).toBe('Seen shown linked € yes');
});

it('reads tables with empty cells, and a table around tables as layout', async () => {
  const row = (...cells: string[]) =>
    `\\trowd\\cellx1${cells.map((cell) => `\\pard\\intbl ${cell}\\cell`).join('')}\\row`;
  expect(await text(`Before\\par${row('a', 'b', 'c')}${row('1', '', '3\\par more')}\\pard After\\par`)).toBe(
    'Before\n\na | b | c\n1 |  | 3 more\n\nAfter',
  );
  const inner =
    '\\pard\\intbl\\itap2 x\\nestcell y\\nestcell{\\*\\nesttableprops\\trowd\\nestrow}{\\nonesttables\\par}';
  expect(await text(`\\trowd\\pard\\intbl Left\\cell${inner}\\pard\\intbl Below\\cell\\row\\pard End`)).toBe(
    'Left\n\nx | y\n\nBelow\n\nEnd',
  );
});

it('tells a text box after the paragraph that it is anchored to', async () => {
  const box =
    '{\\shp{\\*\\shpinst\\shpleft0{\\sp{\\sn name}{\\sv value}}{\\shptxt\\pard Aside\\par}}{\\shprslt old}}';
  expect(await text(`Before ${box}and after\\par Next`)).toBe('Before and after\n\nAside\n\nNext');
});

it('is no text of somebody who only writes about it, and is empty when it is', async () => {
  expect((await extractBytes('x.txt', 'An RTF file begins with {\\rtf1.')).contentType).toBe('text/plain');
  expect((await extractBytes('x.rtf', '\ufeff {\\rtf1}')).warnings).toMatchObject([
    { code: 'document.no_text' },
  ]);
});

it.each(['{\\rtf1 Dear all', '{\\rtf1 {\\b Dear', '{\\rtf1 {\\fonttbl'])('calls %j cut off', async (cut) => {
  await expect(textOf('x.rtf', cut)).rejects.toMatchObject({ code: 'document.corrupt' });
});
