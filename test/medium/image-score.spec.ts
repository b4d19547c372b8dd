import { execFile } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const ENOUGH = 0.9;

interface Score {
  pictures: number;
  recall_at_1: number;
  alterations: Record<string, { recall_at_1: number }>;
}

async function score(...options: string[]): Promise<Score> {
  const file = join(await mkdtemp(join(tmpdir(), 'intake-score-')), 'score.json');
  await promisify(execFile)(process.execPath, ['scripts/score-images.mjs', '--json', file, ...options]);
  return JSON.parse(await readFile(file, 'utf8')) as Score;
}

it('finds nine in ten altered pictures among their look-alikes', async () => {
  const { pictures, recall_at_1, alterations } = await score('--count', '24');
  expect(pictures).toBe(24);
  expect(Object.keys(alterations)).toEqual(['crop', 'resize', 'rotate', 'recompress', 'colour']);
  expect(recall_at_1).toBeGreaterThanOrEqual(ENOUGH);
}, 120_000);
