import { expect, it } from 'vitest';
import { extractBytes, textOf } from '../../../test/support/extract-bytes.js';

const page = (body: string) =>
  `<!doctype html><html><head><title>T &amp; x</title></head><body>${body}</body></html>`;

it('keeps headings, paragraphs and lists, and drops links, pictures, scripts and styles', async () => {
  const body =
    '<style>p{}</style><h1>One\n<br>line</h1><p>Hello <a href="https://example.com">there</a><img alt="x" src="y">' +
    '<script>alert(1)</script></p><h3>Three</h3><ul><li>a<li>b<ul><li>deep</ul></ul><ol><li>x<li>y</ol>';
  const document = await extractBytes('page.html', page(body));
  expect(document.title).toBe('T & x');
  expect(document.pages[0].text).toBe(
    '# One line\n\nHello there\n\n### Three\n\n- a\n- b\n  - deep\n\n1. x\n2. y',
  );
});

it('writes a table as rows, one line each', async () => {
  const table =
    '<table><caption>Prices</caption><thead><tr><th>a<th>b</thead><tr><td><p>1</p><p>2</p><td>3<br>4</table>';
  expect(await textOf('t.html', page(`<p>x</p>${table}`))).toBe('x\n\nPrices\na | b\n1 2 | 3 4');
});

it('takes a table around tables for layout', async () => {
  const inner = '<table><tr><td>a<td>b</table>';
  expect(await textOf('t.html', page(`<table><tr><td><p>Left</p><td>${inner}</table>`))).toBe(
    'Left\n\na | b',
  );
});

it('reads a fragment, entities, and pre as it stands', async () => {
  expect(await textOf('f.html', '<p>1 &lt; 2&nbsp;&euro;</p><pre>a\n  b</pre>')).toBe('1 < 2 €\n\na\n  b');
});

it('reads pages beyond the default length of the library to their end', async () => {
  const comment = `<!--${'x'.repeat(17_000_000)}-->`;
  expect(await textOf('long.html', page(`${comment}<p>last words</p>`))).toBe('last words');
});

it('nests lists, counts them as they say, and keeps columns under cells that span them', async () => {
  const list =
    '<ol start="3"><li>c<ul><li>dot<ol type="a"><li>x</li> <li>y</li></ol></li></ul></li><li>d<p>more</p></li></ol>';
  expect(await textOf('l.html', page(list))).toBe('3. c\n   - dot\n     a. x\n     b. y\n4. d\n\n   more');
  const table =
    '<table><tr><td colspan="2">wide<td>c<tr><td>1<td>2<td>3<tr><td colspan="9999999">all</table>';
  expect(await textOf('t.html', page(table))).toMatch(/^wide \|  \| c\n1 \| 2 \| 3\nall( \| )/);
});

it('reads every script in its logical order, and characters however they are written', async () => {
  const body =
    '<p dir="rtl">שלום <b>עולם</b> 12</p><p>مرحبا&nbsp;بالعالم</p><p>Cafe&#x301; &#128512; 東京 a&shy;b&zwnj;c</p>';
  expect(await textOf('s.html', page(body))).toBe('שלום עולם 12\n\nمرحبا بالعالم\n\nCafé 😀 東京 ab\u200cc');
});

it('is empty for an empty page', async () => {
  expect((await extractBytes('e.html', page(' <div></div> '))).warnings).toMatchObject([
    { code: 'document.no_text' },
  ]);
});
