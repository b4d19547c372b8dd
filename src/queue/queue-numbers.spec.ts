import { describe, expect, it } from 'vitest';
import { numbersOf, sumOf } from './queue-numbers.js';

const counts = [
  { queue: 'documents', metric: 'depth.queued', amount: 3 },
  { queue: 'images', metric: 'depth.queued', amount: 4 },
  { queue: 'documents', metric: 'total.completed', amount: 9 },
];

describe('a queue in numbers', () => {
  it('adds up the queues that are asked for, and no other', () => {
    expect(sumOf(counts, new Set(['documents'])).get('depth.queued')).toBe(3);
    expect(sumOf(counts, new Set(['documents', 'images'])).get('depth.queued')).toBe(7);
  });

  it('takes depths and totals from ever, rates from the window', () => {
    const sinceEver = new Map([
      ['depth.failed', 2],
      ['depth.queued', 3],
      ['total.failed', 5],
      ['total.completed', 90],
    ]);
    const recent = new Map([
      ['total.failed', 1],
      ['total.completed', 9],
      ['run.3', 20],
    ]);
    expect(numbersOf(sinceEver, recent, 5)).toMatchObject({
      queued_tasks: 3,
      dead_letter_tasks: 2,
      total_failed: 5,
      total_completed: 90,
      throughput_per_minute: 2,
      failure_rate: 0.1,
      wait_p95_ms: null,
      run_p95_ms: 49,
    });
  });

  it('is all zeros for a queue that never saw a task', () => {
    expect(numbersOf(new Map(), new Map(), 5)).toMatchObject({
      pending_tasks: 0,
      failure_rate: 0,
      throughput_per_minute: 0,
    });
  });
});
