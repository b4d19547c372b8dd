import { execFile } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

/** Of twenty. */
const ENOUGH = 16;

it('finds the right passage first for most questions about the samples', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'intake-score-')), 'score.json');
  await promisify(execFile)(process.execPath, ['scripts/score-search.mjs', '--json', file]);
  const score = JSON.parse(await readFile(file, 'utf8')) as { questions: number; found: number };
  expect(score.questions).toBe(20);
  expect(score.found).toBeGreaterThanOrEqual(ENOUGH);
}, 60_000);
