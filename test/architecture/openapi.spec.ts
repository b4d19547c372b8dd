import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openApiDocument } from '../../src/apps/openapi-document.js';

interface Operation {
  summary?: string;
  responses: Record<string, unknown>;
}

describe('openapi.json', () => {
  const committed = readFileSync(fileURLToPath(new URL('../../openapi.json', import.meta.url)), 'utf8');

  it('is what the API says of itself (npm run build && npm run openapi)', async () => {
    expect(await openApiDocument()).toBe(committed);
  });

  it('gives every operation a summary and the statuses that it can answer', () => {
    const { paths } = JSON.parse(committed) as { paths: Record<string, Record<string, Operation>> };
    for (const [path, operations] of Object.entries(paths)) {
      for (const [method, { summary, responses }] of Object.entries(operations)) {
        expect(summary, `${method} ${path}`).toBeTruthy();
        expect(Object.keys(responses).length, `${method} ${path}`).toBeGreaterThan(0);
      }
    }
  });
});
