import { expect, it } from 'vitest';
import type { Clock } from '../kernel/clock.js';
import { ReindexProgress } from './reindex-progress.js';

it('tells how far it is, how fast in this attempt, and when it will be over', () => {
  let nowMs = 0;
  const told: string[] = [];
  const logged: unknown[] = [];
  const run = {
    progress: (fraction: number, message: string) => told.push(`${fraction.toFixed(2)} ${message}`),
    log: (message: string, data?: object) => logged.push([message, data]),
  };
  const clock = { monotonicMs: () => nowMs } as Clock;
  const progress = new ReindexProgress(run, clock, { total: 1_000, done: 400 });
  progress.passed(16);
  nowMs = 2_000;
  progress.passed(84);
  nowMs = 100_000;
  progress.passed(500);
  expect(told).toEqual([
    '0.40 re-indexed 416 of 1000',
    '0.47 re-indexed 500 of 1000, 50/s, about 10 s left',
    '0.95 re-indexed 1000 of 1000, 6.0/s, about 0 s left',
  ]);
  expect(logged).toEqual([
    ['re-indexing', { total: 1_000, done: 400 }],
    ['re-indexed', { total: 1_000, done: 500, per_second: 50 }],
    ['re-indexed', { total: 1_000, done: 1_000, per_second: 6 }],
  ]);
});
