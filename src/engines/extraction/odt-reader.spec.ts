import { expect, it } from 'vitest';
import { extractBytes, textOf } from '../../../test/support/extract-bytes.js';
import { odtFile, type OdtParts } from '../../../test/support/office-files.js';

const text = (body: string, parts: Partial<OdtParts> = {}) => textOf('x.odt', odtFile({ body, ...parts }));
const p = (content: string) => `<text:p>${content}</text:p>`;
const cell = (content: string, attributes = '') =>
  `<table:table-cell ${attributes}>${content}</table:table-cell>`;
const row = (...cells: string[]) => `<table:table-row>${cells.join('')}</table:table-row>`;
const item = (...content: string[]) => `<text:list-item>${content.join('')}</text:list-item>`;

it('reads blanks, tabs and lines that are meant, and no others', async () => {
  expect(await text(p(' a \n  b<text:s text:c="3"/>c<text:tab/>d<text:line-break/>  e'))).toBe(
    'a b   c\td\ne',
  );
});

it('says what the document says about itself', async () => {
  const meta =
    '<dc:title>Garden &amp; plan</dc:title><meta:initial-creator>Ida</meta:initial-creator><dc:creator>Ben</dc:creator>' +
    '<meta:creation-date>2026-05-12T09:30:00</meta:creation-date><dc:date>2026-05-13T00:00:00</dc:date>';
  expect(await extractBytes('x.odt', odtFile({ body: p('x'), meta }))).toMatchObject({
    contentType: 'application/vnd.oasis.opendocument.text',
    title: 'Garden & plan',
    metadata: { author: 'Ida', created_at: '2026-05-12T09:30:00', modified_at: '2026-05-13T00:00:00' },
    warnings: [],
  });
});

it('takes a paragraph in the style of a title for a heading', async () => {
  const automaticStyles =
    '<style:style style:name="P1" style:family="paragraph" style:parent-style-name="Title"/>';
  expect(await text('<text:p text:style-name="P1">Plan</text:p>', { automaticStyles })).toBe('# Plan');
});

it('counts lists as their styles do, and on where a list goes on', async () => {
  const style = (name: string, attributes: string) =>
    `<text:list-style style:name="${name}"><text:list-level-style-number text:level="1" ${attributes}/></text:list-style>`;
  const automaticStyles =
    style('figures', 'style:num-format="1" style:num-suffix="." text:start-value="3"') +
    style('letters', 'style:num-format="a" style:num-prefix="(" style:num-suffix=")"') +
    style('roman', 'style:num-format="I" style:num-suffix="."');
  const list = (name: string, items: string, attributes = '') =>
    `<text:list text:style-name="${name}" ${attributes}>${items}</text:list>`;
  const body = [
    list('figures', item(p('three')) + item(p('four'), p('more of it'))),
    list('figures', item(p('five')), 'text:continue-numbering="true"'),
    p('then'),
    list('letters', item(p('x')) + item(p('y'))),
    p('then'),
    list('roman', Array.from({ length: 4 }, (_, at) => item(p(`${at}`))).join('')),
  ];
  expect(await text(body.join(''), { automaticStyles })).toBe(
    '3. three\n4. four\n\nmore of it\n\n5. five\n\nthen\n\n(a) x\n(b) y\n\nthen\n\nI. 0\nII. 1\nIII. 2\nIV. 3',
  );
});

it('keeps the columns of a table under cells that span them, and repeats what is repeated', async () => {
  const table = `<table:table><table:table-header-rows>${row(cell(p('a')), cell(p('b')), cell(p('c')))}</table:table-header-rows>${row(
    cell(p('wide'), 'table:number-columns-spanned="2"'),
    '<table:covered-table-cell/>',
    cell(p('3')),
  )}${row(cell(p('x'), 'table:number-columns-repeated="3"'))}${row(cell('', 'table:number-columns-repeated="16000"'))}</table:table>`;
  expect(await text(table)).toBe('a | b | c\nwide |  | 3\nx | x | x');
});

it('takes a table around tables for layout', async () => {
  const inner = `<table:table>${row(cell(p('a')), cell(p('b')))}</table:table>`;
  expect(await text(`<table:table>${row(cell(p('Left')), cell(inner))}</table:table>`)).toBe('Left\n\na | b');
});

it('leaves out what is deleted, hidden, or said about the text', async () => {
  const automaticStyles =
    '<style:style style:name="T1" style:family="text"><style:text-properties text:display="none"/></style:style>';
  const body =
    `<text:tracked-changes><text:changed-region><text:deletion>${p('deleted')}</text:deletion></text:changed-region></text:tracked-changes>` +
    p(
      `Seen<text:span text:style-name="T1"> unseen</text:span><office:annotation>${p('comment')}</office:annotation>.`,
    ) +
    p('page <text:page-number>4</text:page-number>') +
    p(
      '<text:ruby><text:ruby-base>東京</text:ruby-base><text:ruby-text>とうきょう</text:ruby-text></text:ruby>',
    );
  expect(await text(body, { automaticStyles })).toBe('Seen.\n\npage\n\n東京');
});

it('tells a text box after the paragraph that it is anchored to', async () => {
  const box = `<draw:frame><draw:text-box>${p('Aside')}</draw:text-box><svg:title>alt</svg:title></draw:frame>`;
  expect(await text(p(`Before ${box}and after`) + p('Next'))).toBe('Before and after\n\nAside\n\nNext');
});

it('is empty when the document is', async () => {
  expect((await extractBytes('x.odt', odtFile({ body: '' }))).warnings).toMatchObject([
    { code: 'document.no_text' },
  ]);
});
