import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Clock } from '../kernel/clock.js';
import { WorkerErrors } from './worker-errors.js';

class TestClock extends Clock {
  nowMs = 1_000;

  override monotonicMs(): number {
    return this.nowMs;
  }
}

describe('worker errors', () => {
  const clock = new TestClock();
  let lines: string[];
  let errors: WorkerErrors;

  beforeEach(() => {
    lines = [];
    errors = new WorkerErrors(clock);
    const write = (line: { err: Error }) => void lines.push(line.err.message);
    Logger.overrideLogger({ log: write, warn: write, error: write });
  });

  afterEach(() => Logger.overrideLogger(['error']));

  it('are counted, not logged, when a lock was lost', () => {
    for (const message of [
      'Missing key for job 0a-1. moveToFinished',
      'Missing lock for job 0a-1. moveToFinished',
      'Lock mismatch for job 0a-1. Cmd moveToFinished from active',
      'Job 0a-1 is not in the active state. moveToFinished',
      'could not renew lock for job 0a-1',
    ]) {
      errors.note(new Error(message));
    }
    expect(errors.lostLocks).toBe(5);
    expect(lines).toEqual([]);
  });

  it('are logged once per kind and minute', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:6379'), { code: 'ECONNREFUSED' });
    const report = () => {
      errors.note(refused);
      errors.note(new Error('OOM command not allowed'));
    };
    report();
    report();
    clock.nowMs += 59_000;
    report();
    expect(lines).toEqual([refused.message, 'OOM command not allowed']);
    clock.nowMs += 2_000;
    report();
    expect(lines).toHaveLength(4);
    expect(errors.lostLocks).toBe(0);
  });
});
