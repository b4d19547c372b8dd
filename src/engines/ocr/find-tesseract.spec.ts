import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { BUNDLED_TESSERACT } from './find-tesseract.js';

it('names the version that comes along: another one may read differently', () => {
  const { version } = createRequire(import.meta.url)('tesseract.js/package.json') as { version: string };
  expect(BUNDLED_TESSERACT.name).toBe(`tesseract.js ${version}`);
});
