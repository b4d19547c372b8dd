import { expect, it } from 'vitest';
import { extractBytes, textOf } from '../../../test/support/extract-bytes.js';

it('gives every heading its #s, rows of a table their bars, and takes the first heading for the title', async () => {
  const text = 'Guide\n=====\n\nTwo\n---\n\n### Three ###\n\n| a | b |\n|---|:-:|\n| 1 | 2 |\n';
  const document = await extractBytes('guide.md', text);
  expect(document.pages).toEqual([{ number: 1, text: '# Guide\n\n## Two\n\n### Three ###\n\na | b\n1 | 2' }]);
  expect(document.title).toBe('Guide');
  expect(document.contentType).toBe('text/markdown');
});

it('leaves code, lists and rules alone', async () => {
  const text = '```\nx\n===\n| a |\n```\n\n- item\n---\n\nEnd';
  expect(await textOf('code.md', text)).toBe(text);
});

it('leaves front matter out', async () => {
  expect(await textOf('post.md', '---\ntitle: x\n---\n# Post\n')).toBe('# Post');
  const rules = '---\n\n# No front matter\n\n---\n\nEnd';
  expect(await textOf('rules.md', rules)).toBe(rules);
});

it('keeps nested lists, footnotes, and every script as they are written', async () => {
  const text = '# דוח\n\n- a\n  - b\n    1. c\n\nText[^1] مرحبا 東京 😀\n\n[^1]: A note.';
  expect(await textOf('notes.md', text)).toBe(text);
});
