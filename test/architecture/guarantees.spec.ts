import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const PAGE = 'docs/guarantees.md';
const PROOF = /^- \[(?<path>[^\]]+\.spec\.ts)\]\((?<link>[^)]+)\): (?<names>.*)$/;

interface Proof {
  path: string;
  link: string;
  names: string[];
}

/** The sections of the page, each with the tests that it names. */
function promises(text: string): Map<string, Proof[]> {
  const [, ...sections] = text.split(/^## /m);
  return new Map(
    sections.map((section) => {
      const [title = '', ...lines] = section.split('\n');
      const proofs = lines.flatMap((line) => {
        const { path = '', link = '', names = '' } = PROOF.exec(line)?.groups ?? {};
        return path
          ? [{ path, link, names: [...names.matchAll(/"([^"]+)"/g)].map(([, name = '']) => name) }]
          : [];
      });
      return [title, proofs];
    }),
  );
}

describe('the page of promises', () => {
  const sections = promises(readFileSync(PAGE, 'utf8'));

  it('has a section for each of the ten', () => {
    expect([...sections.keys()].map((title) => title.split('.')[0])).toEqual(
      Array.from({ length: 10 }, (_, at) => `P${at + 1}`),
    );
  });

  it.each([...sections])('names tests that exist for %s', (_title, proofs) => {
    expect(proofs.length).toBeGreaterThan(0);
    for (const { path, link, names } of proofs) {
      expect(join('docs', link)).toBe(path);
      expect(existsSync(path), path).toBe(true);
      expect(names.length, path).toBeGreaterThan(0);
      const spec = readFileSync(path, 'utf8');
      for (const name of names) expect(spec.includes(name), `${path}: ${name}`).toBe(true);
    }
  });
});
