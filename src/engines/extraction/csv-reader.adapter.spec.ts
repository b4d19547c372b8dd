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
