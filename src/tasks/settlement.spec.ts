import { describe, expect, it } from 'vitest';
import { Fault } from '../kernel/fault.js';
import { FAILURE_CLASSES, type SettledClass } from './failure-classes.js';
import { MAX_UNSPENT_RETURNS, decide, type Accounts, type Ending } from './settlement.js';
import { completed, rejected, snoozed } from './task-outcome.js';

const fresh: Accounts = {
  attempts: 0,
  maxAttempts: 3,
  returns: 0,
  backoff: { baseMs: 2_000, factor: 2, maxMs: 3_000, jitter: 0 },
};
const last = { ...fresh, attempts: 2 };
const tired = { ...fresh, returns: MAX_UNSPENT_RETURNS };
const returned = (outcome: ReturnType<typeof completed>) => ({ kind: 'returned', outcome }) as const;
const threw = (error: unknown) => ({ kind: 'threw', error }) as const;

describe('what becomes of a task', () => {
  it.each<[SettledClass, Ending]>([
    ['retryable', threw(new Error('x'))],
    ['timeout', { kind: 'timed_out', timeoutMs: 100 }],
    ['throttled', threw(new Fault('storage.unavailable', 'x', { retryAfterSeconds: 7 }))],
    ['interrupted', { kind: 'interrupted' }],
    ['permanent', threw(new Fault('document.corrupt', 'x'))],
    ['unstorable', returned(completed({ n: 1n } as never))],
    ['deadline', { kind: 'overran' }],
  ])('each class of failure has its policy: %s', (name, ending) => {
    const { outcome, spends, event, reason, lastReason } = FAILURE_CLASSES[name];
    const isFinal = event === 'reject' || event === 'overrun';
    expect(decide(fresh, ending)).toMatchObject({
      event,
      outcome,
      spends: spends === 'attempt' ? 1 : 0,
      returns: spends === 'return' ? 1 : 0,
      reason: isFinal ? lastReason : reason,
    });
    expect(decide({ ...last, returns: MAX_UNSPENT_RETURNS }, ending)).toMatchObject({
      event: isFinal ? event : 'exhaust',
      reason: lastReason,
      spends: 1,
    });
  });

  it('an answer completes it, also in its last attempt', () => {
    expect(decide(last, returned(completed({ n: 1 })))).toMatchObject({
      event: 'complete',
      spends: 1,
      result: { n: 1 },
    });
  });

  it('an error is tried again, later each time, until the attempts are spent', () => {
    expect(decide(fresh, threw(new Error('x')))).toMatchObject({ event: 'retry', spends: 1, delayMs: 2_000 });
    expect(decide({ ...fresh, attempts: 1 }, threw(new Error('x')))).toMatchObject({
      event: 'retry',
      delayMs: 3_000,
    });
    expect(decide(last, threw(new Error('x')))).toMatchObject({
      event: 'exhaust',
      reason: 'exhausted',
      spends: 1,
    });
  });

  it('a timeout counts like an error, and is named when it was the last', () => {
    expect(decide(fresh, { kind: 'timed_out', timeoutMs: 100 })).toMatchObject({
      event: 'retry',
      outcome: 'timed_out',
    });
    expect(decide(last, { kind: 'timed_out', timeoutMs: 100 })).toMatchObject({
      event: 'exhaust',
      reason: 'timeout',
    });
  });

  it('a rejection and an error that cannot pass are final', () => {
    const final = { event: 'reject', reason: 'permanent', spends: 1 };
    expect(decide(fresh, returned(rejected('document.corrupt', 'x')))).toMatchObject(final);
    expect(decide(fresh, threw(new Fault('document.corrupt', 'x')))).toMatchObject(final);
  });

  it('only the public text of a fault leaves the process, without what Postgres cannot hold', () => {
    const { error } = decide(fresh, threw(new Fault('storage.unavailable', 'a\0b', { internal: 'secret' })));
    expect(error).toEqual({ code: 'storage.unavailable', message: 'ab', retryable: true });
    expect(decide(fresh, threw(new Error('secret'))).error?.message).not.toContain('secret');
  });

  it('snoozes, interrupts and asked-for waits cost nothing a hundred times', () => {
    const later = threw(new Fault('storage.unavailable', 'x', { retryAfterSeconds: 7 }));
    expect(decide(last, returned(snoozed(5)))).toMatchObject({
      event: 'snooze',
      spends: 0,
      returns: 1,
      delayMs: 5,
    });
    expect(decide(last, { kind: 'interrupted' })).toMatchObject({
      event: 'interrupt',
      spends: 0,
      returns: 1,
    });
    expect(decide(last, later)).toMatchObject({
      event: 'snooze',
      spends: 0,
      delayMs: 7_000,
      reason: 'rate_limited',
    });
  });

  it('from then on each costs an attempt and is otherwise what it was', () => {
    expect(decide(tired, returned(snoozed(5)))).toMatchObject({
      event: 'snooze',
      spends: 1,
      returns: 0,
      delayMs: 5,
    });
    expect(decide(tired, { kind: 'interrupted' })).toMatchObject({
      event: 'interrupt',
      spends: 1,
      returns: 0,
    });
    expect(decide({ ...tired, attempts: 2 }, returned(snoozed(5)))).toMatchObject({
      event: 'exhaust',
      spends: 1,
    });
  });

  it('a result that cannot be stored is a permanent failure of its own task', () => {
    const circular: Record<string, unknown> = {};
    circular['a'] = circular['b'] = circular;
    for (const result of [{ n: 1n }, circular, 'a\0b', '\ud800', Number.NaN]) {
      expect(decide(fresh, returned(completed(result as never)))).toMatchObject({
        event: 'reject',
        error: { code: 'result.unstorable' },
      });
    }
  });
});
