import { expect, it } from 'vitest';
import { extractBytes, textOf } from '../../../test/support/extract-bytes.js';
import { pptxFile, slideParagraph, slideShape, type Slide } from '../../../test/support/office-files.js';

const body = (paragraphs: string[]) => slideShape(paragraphs, 'body');
const level = (text: string, of: number, bullet = '') =>
  slideParagraph(text, `<a:pPr lvl="${of}">${bullet}</a:pPr>`);
const cell = (text: string) => `<a:tc><a:txBody>${slideParagraph(text)}</a:txBody></a:tc>`;
const table = (rows: string[][]) =>
  `<p:graphicFrame><a:graphic><a:graphicData><a:tbl>${rows.map((row) => `<a:tr>${row.map(cell).join('')}</a:tr>`).join('')}</a:tbl></a:graphicData></a:graphic></p:graphicFrame>`;
const title = (text: string) => slideShape([text], 'title');
const pages = async (slides: Slide[], parts?: Record<string, string>) =>
  (await extractBytes('talk.pptx', pptxFile(slides, parts))).pages.map(({ text }) => text);

it('reads a page for each slide in the order of the presentation, its title first and its notes last', async () => {
  const document = await extractBytes(
    'talk.pptx',
    pptxFile([
      {
        shapes: slideShape(['Before the title in the file']) + title('Why bees'),
        notes: slideShape(['7'], 'sldNum') + slideShape(['Say hello.', 'Then go on.'], 'body'),
      },
      { shapes: '' },
      { shapes: title('Thanks') },
    ]),
  );
  expect(document.pages).toEqual([
    { number: 1, text: '# Why bees\n\nBefore the title in the file\n\nNotes: Say hello.\n\nThen go on.' },
    { number: 2, text: '' },
    { number: 3, text: '# Thanks' },
  ]);
  expect(document).toMatchObject({ warnings: [] });
});

it('gives placeholders the bullets that they inherit, and text boxes none', async () => {
  const counted = '<a:buAutoNum type="alphaLcParenR"/>';
  expect(
    await pages([
      { shapes: body(['One', level('Half', 1), level('No item', 0, '<a:buNone/>'), 'Two']) },
      { shapes: slideShape(['Plain', level('Marked', 0, '<a:buChar char="*"/>')]) },
      { shapes: body([level('Dig', 0, counted), level('Deeper', 1), level('Rake', 0, counted)]) },
    ]),
  ).toEqual(['- One\n  - Half\n\nNo item\n\n- Two', 'Plain\n\n- Marked', 'a) Dig\n   - Deeper\nb) Rake']);
});

it('takes bullets away where the layout of the slide does', async () => {
  const layout =
    '<p:sldLayout xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><p:cSld><p:spTree>' +
    '<p:sp><p:nvSpPr><p:nvPr><p:ph type="body" idx="1"/></p:nvPr></p:nvSpPr><p:txBody><a:lstStyle><a:lvl1pPr><a:buNone/></a:lvl1pPr></a:lstStyle></p:txBody></p:sp>' +
    '</p:spTree></p:cSld></p:sldLayout>';
  const slides = [{ shapes: body(['A subtitle', level('an item', 1)]) }];
  expect(await pages(slides, { 'ppt/slideLayouts/layout.xml': layout })).toEqual([
    'A subtitle\n\n  - an item',
  ]);
});

it('reads tables, groups, breaks, formulas and every script in its logical order', async () => {
  const run = (text: string) => `<a:r><a:t>${text}</a:t></a:r>`;
  expect(
    await pages([
      {
        shapes: table([
          ['Bed', 'Crop'],
          ['1', 'Beans & peas'],
          ['2', ''],
        ]),
      },
      { shapes: `<p:grpSp><p:grpSp>${slideShape(['Grouped'])}</p:grpSp></p:grpSp>` },
      {
        shapes: slideShape([
          `<a:p>${run('one')}<a:br/>${run('two ')}<a:fld type="datetime1"><a:t>May</a:t></a:fld></a:p>`,
        ]),
      },
      { shapes: slideShape(['Cafe\u0301 😀 東京', 'مرحبا بالعالم', 'שלום 12']) },
      { shapes: `${slideShape(['3'], 'sldNum')}${slideShape(['Castlebridge allotments'], 'ftr')}` },
    ]),
  ).toEqual([
    'Bed | Crop\n1 | Beans & peas\n2 |',
    'Grouped',
    'one\ntwo May',
    'Café 😀 東京\n\nمرحبا بالعالم\n\nשלום 12',
    'Castlebridge allotments',
  ]);
});

it('reads the texts of a diagram from the part that holds them', async () => {
  const shapes =
    '<p:graphicFrame><a:graphic><a:graphicData><dgm:relIds r:dm="data"/></a:graphicData></a:graphic></p:graphicFrame>';
  const data = `<dgm:dataModel xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><dgm:pt><dgm:t>${slideParagraph('Sow')}</dgm:t></dgm:pt><dgm:pt><dgm:t>${slideParagraph('Reap')}</dgm:t></dgm:pt></dgm:dataModel>`;
  const slides = [{ shapes, relations: { data: ['diagramData', '../diagrams/data1.xml'] as const } }];
  expect(await pages(slides, { 'ppt/diagrams/data1.xml': data })).toEqual(['- Sow\n- Reap']);
});

it('warns of a slide that cannot be read and reads the others', async () => {
  const document = await extractBytes(
    'talk.pptx',
    pptxFile([{ shapes: title('Good') }, { shapes: '<p:sp>' }]),
  );
  expect(document.pages.map(({ text }) => text)).toEqual(['# Good', '']);
  expect(document.warnings).toMatchObject([{ code: 'document.page_failed', page: 2 }]);
  await expect(textOf('talk.pptx', pptxFile([{ shapes: '<p:sp>' }]))).rejects.toMatchObject({
    code: 'document.corrupt',
  });
});

it('says what the presentation says about itself, and runs no macro of it', async () => {
  const bytes = pptxFile([{ shapes: title('Hello') }], {
    'docProps/core.xml':
      '<cp:coreProperties><dc:title>Bees &amp; us</dc:title><dc:creator>Ida</dc:creator></cp:coreProperties>',
    'ppt/vbaProject.bin': 'Sub AutoOpen()',
  });
  const document = await extractBytes('talk.pptm', bytes);
  expect(document).toMatchObject({ title: 'Bees & us', metadata: { author: 'Ida' }, warnings: [] });
  expect(document.pages).toEqual([{ number: 1, text: '# Hello' }]);
});

it('reads a thousand slides', { timeout: 60_000 }, async () => {
  const slides = Array.from({ length: 1_000 }, (_, at) => ({ shapes: title(`Slide ${at + 1}`) }));
  expect(await pages(slides)).toEqual(slides.map((_, at) => `# Slide ${at + 1}`));
});
