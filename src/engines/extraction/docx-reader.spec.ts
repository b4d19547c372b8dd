import { expect, it } from 'vitest';
import { extractBytes, textOf } from '../../../test/support/extract-bytes.js';
import { docxEntries, zip, zipEntry } from '../../../test/support/made-files.js';
import { docxFile, type DocxParts } from '../../../test/support/office-files.js';

const paragraph = (text: string, style = '') =>
  `<w:p>${style && `<w:pPr><w:pStyle w:val="${style}"/></w:pPr>`}<w:r><w:t xml:space="preserve">${text}</w:t></w:r></w:p>`;
const cell = (text: string) => `<w:tc>${paragraph(text)}</w:tc>`;
const CORE =
  '<cp:coreProperties><dc:title>Travel &amp; cost</dc:title><dc:creator>Anna</dc:creator>' +
  '<dcterms:created xsi:type="dcterms:W3CDTF">2026-05-12T00:00:00Z</dcterms:created></cp:coreProperties>';

it('reads headings, paragraphs, tables, and what the document says about itself', async () => {
  const table = `<w:tbl><w:tr>${cell('a')}${cell('b')}</w:tr><w:tr>${cell('1')}${cell('2')}</w:tr></w:tbl>`;
  const body =
    paragraph('Rules', 'Heading1') + paragraph('Go by train.') + paragraph('Hotels', 'Heading2') + table;
  const bytes = zip([...docxEntries(body), zipEntry('docProps/core.xml', CORE)]);
  const document = await extractBytes('travel.docx', bytes);
  expect(document.pages).toEqual([
    { number: 1, text: '# Rules\n\nGo by train.\n\n## Hotels\n\na | b\n1 | 2' },
  ]);
  expect(document.title).toBe('Travel & cost');
  expect(document.metadata).toEqual({ author: 'Anna', created_at: '2026-05-12T00:00:00Z' });
});

it('calls a container with broken insides corrupt', async () => {
  const bytes = zip([...docxEntries('').slice(0, 2), zipEntry('word/document.xml', '<w:document><unclosed')]);
  await expect(extractBytes('x.docx', bytes)).rejects.toMatchObject({ code: 'document.corrupt' });
});

it('calls a container with a password encrypted', async () => {
  const bytes = zip(docxEntries(''));
  for (const signature of ['PK\x03\x04', 'PK\x01\x02']) {
    const flagsAt = bytes.indexOf(signature, 0, 'latin1') + (signature === 'PK\x03\x04' ? 6 : 8);
    bytes.writeUInt16LE(1, flagsAt);
  }
  await expect(extractBytes('x.docx', bytes)).rejects.toMatchObject({ code: 'document.encrypted' });
});

const text = (body: string, parts: Partial<DocxParts> = {}) => textOf('x.docx', docxFile({ body, ...parts }));
const run = (content: string, properties = '') => `<w:r><w:rPr>${properties}</w:rPr>${content}</w:r>`;
const said = (words: string, properties = '') => run(`<w:t xml:space="preserve">${words}</w:t>`, properties);
const line = (content: string) => `<w:p>${content}</w:p>`;

it('reads headings by the outline of their style, of the one below it, and their own', async () => {
  const style = (id: string, content: string) =>
    `<w:style w:type="paragraph" w:styleId="${id}">${content}</w:style>`;
  const styles =
    style('a', '<w:name w:val="heading 3"/>') +
    style('b', '<w:name w:val="Mine"/><w:basedOn w:val="a"/>') +
    style('c', '<w:name w:val="Loop"/><w:basedOn w:val="c"/>') +
    style('d', '<w:name w:val="Title"/>');
  const own =
    '<w:p><w:pPr><w:pStyle w:val="a"/><w:outlineLvl w:val="9"/></w:pPr><w:r><w:t>text</w:t></w:r></w:p>';
  const body = ['d', 'a', 'b', 'c'].map((id) => paragraph(id, id)).join('') + own;
  expect(await text(body, { styles })).toBe('# d\n\n### a\n\n### b\n\nc\n\ntext');
});

it('numbers lists as their definitions do', async () => {
  const level = (at: number, format: string, label: string) =>
    `<w:lvl w:ilvl="${at}"><w:start w:val="${at === 0 ? 3 : 1}"/><w:numFmt w:val="${format}"/><w:lvlText w:val="${label}"/></w:lvl>`;
  const numbering =
    `<w:abstractNum w:abstractNumId="0">${level(0, 'decimal', '%1.')}${level(1, 'lowerLetter', '%1.%2)')}${level(2, 'none', '')}</w:abstractNum>` +
    '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="0"/></w:num>' +
    '<w:num w:numId="3"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="8"/></w:lvlOverride></w:num>';
  const item = (words: string, id: number, at = 0) =>
    `<w:p><w:pPr><w:numPr><w:ilvl w:val="${at}"/><w:numId w:val="${id}"/></w:numPr></w:pPr>${said(words)}</w:p>`;
  const body = [
    item('three', 1),
    item('a', 1, 1),
    item('b', 1, 1),
    item('four', 2),
    item('a again', 2, 1),
    item('eight', 3),
    item('none', 1, 2),
    item('not there', 9),
  ];
  expect(await text(body.join(''), { numbering })).toBe(
    '3. three\n   3.a) a\n   3.b) b\n4. four\n   4.a) a again\n8. eight\n\nnone\n\nnot there',
  );
});

it('leaves out what is deleted, hidden, an instruction, or for readers of old', async () => {
  const field = (instruction: string, result: string) =>
    `${run('<w:fldChar w:fldCharType="begin"/>')}${run(`<w:instrText>${instruction}</w:instrText>`)}${run('<w:fldChar w:fldCharType="separate"/>')}${said(result)}${run('<w:fldChar w:fldCharType="end"/>')}`;
  const box = (words: string) => `<w:txbxContent>${line(said(words))}</w:txbxContent>`;
  const body =
    line(
      `${said('Kept ')}<w:ins>${said('added ')}</w:ins><w:del>${run('<w:delText>gone</w:delText>')}</w:del>${said('hidden', '<w:vanish/>')}${said('shown', '<w:vanish w:val="0"/>')}`,
    ) +
    line(
      `${said('p. ')}${field(' PAGE ', '7')}<w:fldSimple w:instr="NUMPAGES">${said('9')}</w:fldSimple>${field(' REF x ', 'see 3')}`,
    ) +
    line(
      `${said('Box')}<w:r><mc:AlternateContent><mc:Choice><w:drawing>${box('new')}</w:drawing></mc:Choice><mc:Fallback><w:pict>${box('old')}</w:pict></mc:Fallback></mc:AlternateContent></w:r>${said(' after')}`,
    ) +
    line(
      `<w:hyperlink>${said('a link')}</w:hyperlink>${run('<w:tab/>')}${run('<w:noBreakHyphen/>')}${run('<w:br/>')}${said('next')}`,
    );
  expect(await text(body)).toBe('Kept added shown\n\np. see 3\n\nBox after\n\nnew\n\na link\t‑\nnext');
});

it('keeps the columns of a table, its rows in content controls, and takes a table around tables for layout', async () => {
  const wide = `<w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr>${line(said('wide'))}</w:tc>`;
  const row = (...cells: string[]) => `<w:tr>${cells.join('')}</w:tr>`;
  const table = (...rows: string[]) => `<w:tbl>${rows.join('')}</w:tbl>`;
  const controlled = `<w:sdt><w:sdtContent>${row(cell('x'), `<w:sdt><w:sdtContent>${cell('y')}</w:sdtContent></w:sdt>`, cell('z'))}</w:sdtContent></w:sdt>`;
  expect(await text(table(row(wide, cell('c')), controlled, row(cell(''), cell(''), cell(''))))).toBe(
    'wide |  | c\nx | y | z',
  );
  const inner = table(row(cell('a'), cell('b')));
  expect(await text(table(row(cell('Left'), `<w:tc>${inner}${line('')}</w:tc>`)))).toBe('Left\n\na | b');
});

it('numbers footnotes and endnotes in the order of the text, and reads no separators', async () => {
  const body = line(
    `${said('one')}${run('<w:endnoteReference w:id="2"/>')}${said(' two')}${run('<w:footnoteReference w:id="2"/>')}`,
  );
  const footnotes = `<w:footnote w:type="separator" w:id="0">${line(said('---'))}</w:footnote><w:footnote w:id="2">${line(run('<w:footnoteRef/>') + said(' at the foot'))}</w:footnote>`;
  const endnotes = `<w:endnote w:id="2">${line(said('at the end'))}${line(said('and more'))}</w:endnote>`;
  expect(await text(body, { footnotes, endnotes })).toBe(
    'one[1] two[2]\n\n[1] at the end\n\nand more\n\n[2] at the foot',
  );
});
