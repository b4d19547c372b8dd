import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunkDocument, documentText, embeddingText } from './document-chunker.js';

const page = (text: string, number = 1) => ({ number, text });

describe('chunking', () => {
  it('starts a chunk at each heading and remembers it', () => {
    const chunks = chunkDocument([page('# Leave\nTwenty days.\n\n# Sickness\nCall before nine.')]);
    expect(chunks.map(({ heading, text }) => [heading, text])).toEqual([
      ['Leave', '# Leave\nTwenty days.'],
      ['Sickness', '# Sickness\nCall before nine.'],
    ]);
  });

  it('takes a short line for a heading where the format knows none: alone, or numbered above its text', () => {
    const plain = 'Storing the bread\n\nKeep it in a linen cloth.\n\n7. Next meeting\nOn Tuesday at noon.';
    expect(chunkDocument([page(plain)]).map(({ heading }) => heading)).toEqual([
      'Storing the bread',
      '7. Next meeting',
    ]);
  });

  it('takes no sentence, greeting, row or last line for a heading', () => {
    const plain =
      'It rained.\n\nDear Ms Halloran,\n\nArticle | Price\n\n1. Rinse the flask.\n\nYours, Ida Finch';
    expect(chunkDocument([page(plain)]).map(({ heading }) => heading)).toEqual([null]);
  });

  it('keeps a numbered heading whole', () => {
    expect(chunkDocument([page('## 4. Rent\nDue monthly.')])[0]?.heading).toBe('4. Rent');
  });

  it('keeps the page and offsets that lead back to the words', () => {
    const pages = [page('One.', 1), page('Two.', 2)];
    const text = documentText(pages);
    for (const chunk of chunkDocument(pages)) expect(text.slice(chunk.start, chunk.end)).toBe(chunk.text);
    expect(chunkDocument(pages).map((chunk) => chunk.page)).toEqual([1, 2]);
  });

  it('repeats whole sentences at the seam', () => {
    const text = 'Alpha is first. Beta is second. Gamma is third. Delta is fourth.';
    const chunks = chunkDocument([page(text)], { maxLength: 34, overlap: 16 });
    expect(chunks.map((chunk) => chunk.text)).toEqual([
      'Alpha is first. Beta is second.',
      'Beta is second. Gamma is third.',
      'Gamma is third. Delta is fourth.',
    ]);
  });

  it('keeps table rows whole', () => {
    const rows = Array.from({ length: 12 }, (_, row) => `Item ${row} | ${row}.00 EUR`);
    const chunks = chunkDocument([page(rows.join('\n'))], { maxLength: 60, overlap: 0 });
    for (const { text } of chunks) for (const line of text.split('\n')) expect(rows).toContain(line);
  });

  it('finds nothing in nothing', () => {
    expect(chunkDocument([page(' \n\n ')])).toEqual([]);
    expect(chunkDocument([])).toEqual([]);
  });

  it('loses no character, exceeds no limit, and always ends, whatever the text', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'Ä', '😀', ' ', '\n', '.', '#', '# ', ' | '),
      maxLength: 400,
    });
    const options = fc.record({
      maxLength: fc.integer({ min: 4, max: 60 }),
      overlap: fc.integer({ min: 0, max: 30 }),
    });
    fc.assert(
      fc.property(fc.array(text, { maxLength: 3 }), options, (texts, limits) => {
        const pages = texts.map((content, at) => page(content, at + 1));
        const whole = documentText(pages);
        const covered = new Set<number>();
        for (const { start, end, text: part } of chunkDocument(pages, limits)) {
          expect(part).toBe(whole.slice(start, end));
          expect(part.length).toBeLessThanOrEqual(limits.maxLength);
          expect(Buffer.from(part).toString()).toBe(part);
          for (let at = start; at < end; at += 1) covered.add(at);
        }
        for (let at = 0; at < whole.length; at += 1)
          expect(covered.has(at) || whole.charAt(at).trim() === '').toBe(true);
      }),
    );
  });

  it('gives the embedder the title and heading once', () => {
    const [chunk] = chunkDocument([page('# Leave\nTwenty days.')]);
    expect(chunk && embeddingText(chunk, 'Handbook')).toBe('Handbook\n# Leave\nTwenty days.');
  });
});
