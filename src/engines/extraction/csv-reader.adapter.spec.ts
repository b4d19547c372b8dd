import { expect, it } from 'vitest';
import { extractBytes, textOf } from '../../../test/support/extract-bytes.js';

it('writes rows with bars between their cells, whatever the delimiter', async () => {
  for (const [delimiter, name] of [
    [',', 'a.csv'],
    [';', 'b.csv'],
    ['\t', 'c.tsv'],
  ]) {
    const text = [`name${delimiter}note`, `bolt${delimiter}"M6${delimiter} ""long""\nsteel"`, ''].join(
      '\r\n',
    );
    expect(await textOf(name, text)).toBe(
      `name | note\nbolt | M6${delimiter === '\t' ? '' : delimiter} "long" steel`,
    );
  }
});

it('reads rows of unequal length and stray quotes', async () => {
  const document = await extractBytes('x.csv', 'a,b\n1,2\n3,5" pipe\n\n4,5\n6,7\n8,9,10\n');
  expect(document.pages[0].text).toBe('a | b\n1 | 2\n3 | 5" pipe\n4 | 5\n6 | 7\n8 | 9 | 10');
  expect(document.contentType).toBe('text/csv');
});

it('reads a quote that never ends as text', async () => {
  const document = await extractBytes('x.csv', 'a,b\n1,"2\n3,4\n5,6\n');
  expect(document.pages[0].text).toBe('a | b\n1 | "2\n3 | 4\n5 | 6');
});

it('stops at the limit of characters', async () => {
  const limits = { characters: 100 };
  await expect(extractBytes('x.csv', 'a,b,c\n'.repeat(15), { limits })).rejects.toMatchObject({
    code: 'document.too_large',
  });
});

it('reads every script, and a mark before the first cell', async () => {
  expect(await textOf('x.csv', '\ufeffשם;город;市\nדנה;Київ;東京 😀\nמאיה;Lviv;Cafe\u0301\n')).toBe(
    'שם | город | 市\nדנה | Київ | 東京 😀\nמאיה | Lviv | Café',
  );
  const utf16 = Buffer.from('\ufeffa\tb\n1\tž\n', 'utf16le');
  expect(await textOf('x.csv', utf16)).toBe('a | b\n1 | ž');
});

it('keeps empty cells, takes commas within numbers for what they are, and leaves empty rows out', async () => {
  expect(await textOf('x.csv', 'a;b;c\n1,5;;2,5\n;;\n\n3;"x;y";\n')).toBe(
    'a | b | c\n1,5 |  | 2,5\n |  |\n3 | x;y |',
  );
});
