import { expect, it } from 'vitest';
import { builtEntry } from './built-entry.js';

const root = new URL('../../', import.meta.url).href;

it('sends TypeScript callers to the compiled entry at the same place in dist', () => {
  expect(builtEntry(`${root}src/vectors/search.ts`, './search.thread.js').href).toBe(
    `${root}dist/vectors/search.thread.js`,
  );
});

it('leaves compiled callers beside their entry', () => {
  expect(builtEntry(`${root}dist/vectors/search.js`, './search.thread.js').href).toBe(
    `${root}dist/vectors/search.thread.js`,
  );
});
