import { readFileSync } from 'node:fs';
import { constantFrom, assert, property, record, option, integer, boolean } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TASK_STATUSES } from '../kernel/task-status.js';
import { EXPLAIN_CODES } from './explain-codes.js';
import { Explanation } from './explain.contract.js';
import type { ExplainFacts } from './explain-facts.js';
import { explain } from './explanation.js';

const NOW = new Date('2026-11-20T10:00:00.000Z');
const at = (seconds: number) => new Date(NOW.getTime() + seconds * 1_000);
const REACHED = { unreachableSince: null, knows: null };

/** A pending task that nothing holds up, in a queue with an idle worker. */
const calm: ExplainFacts = {
  now: NOW,
  id: '01990f2e-5b6c-7d10-9a55-0c2f6d1b7a10',
  type: 'documents.process',
  queue: 'documents',
  status: 'pending',
  reason: null,
  error: null,
  attempts: 0,
  max_attempts: 3,
  crashes: 0,
  epoch: 1,
  progress: null,
  progress_message: null,
  timeout_ms: 300_000,
  created_at: at(-60),
  run_at: null,
  queued_at: null,
  started_at: null,
  finished_at: null,
  expires_at: null,
  deadline_at: null,
  cancel_requested_at: null,
  attempted: false,
  dependencies: [],
  paused: false,
  paused_at: null,
  tenant_paused: false,
  tenant_paused_at: null,
  window_size: 64,
  window_used: 0,
  waiting: 1,
  max_waiting: 10_000,
  workers_alive: 1,
  workers_taking: 1,
  workers_able: 1,
  workers_seen_at: NOW,
  slots: 8,
  slots_busy: 0,
  busy_with: [],
  max_concurrency: null,
  tenant_active: 0,
  concurrency_key: null,
  concurrency_limit: null,
  key_active: 0,
  key_holders: [],
  rate_key: null,
  rate_free_at: null,
  ahead: 0,
  worker: null,
  worker_seen_at: null,
  worker_lost: false,
};
const error = { code: 'storage.unavailable', message: 'The storage is away', retryable: true };
const running = {
  status: 'processing',
  started_at: at(-5),
  worker: 'machine1',
  worker_seen_at: at(-0.4),
} as const;

const codesOf = (facts: Partial<ExplainFacts>, transport: Partial<Parameters<typeof explain>[1]> = {}) =>
  explain({ ...calm, ...facts }, { ...REACHED, ...transport }).reasons.map(({ code }) => code);

describe('why a task is not done', () => {
  it.each<[string, Partial<ExplainFacts>, string[]]>([
    ['nothing stands in its way', {}, ['dispatch.imminent']],
    ['others go before it', { ahead: 3 }, ['dispatch.turn']],
    ['the queue is paused', { paused: true, paused_at: at(-9) }, ['queue.paused']],
    ['its own share is paused', { tenant_paused: true }, ['queue.paused_for_tenant']],
    [
      'both are, and nobody works',
      { paused: true, tenant_paused: true, workers_alive: 0 },
      ['queue.paused', 'queue.paused_for_tenant', 'workers.none'],
    ],
    ['all workers shut down', { workers_taking: 0, workers_able: 0 }, ['workers.draining']],
    ['no worker knows the type', { workers_able: 0 }, ['workers.type_unknown']],
    ['its tenant has its fill', { max_concurrency: 2, tenant_active: 2 }, ['tenant.limited']],
    [
      'its key is held',
      { concurrency_key: 'a', concurrency_limit: 1, key_active: 1, key_holders: ['x'] },
      ['concurrency.full'],
    ],
    ['its rate key is empty', { rate_key: 'a', rate_free_at: at(7) }, ['rate.limited']],
    [
      'window and slots are full',
      { window_used: 64, slots_busy: 8, ahead: 2 },
      ['window.full', 'workers.busy', 'dispatch.turn'],
    ],
    ['a queue is full', { waiting: 10_000, ahead: 9 }, ['dispatch.turn', 'queue.full']],
    [
      'it waits for another',
      { status: 'blocked', dependencies: [task('processing')] },
      ['dependency.waiting'],
    ],
    ['the other just ended', { status: 'blocked' }, ['dependency.settling']],
    ['it is for later', { status: 'scheduled', reason: 'run_at', run_at: at(60) }, ['schedule.run_at']],
    ['its time has come', { status: 'scheduled', reason: 'run_at', run_at: at(-1) }, ['schedule.overdue']],
    [
      'it failed and backs off',
      {
        status: 'scheduled',
        reason: 'retry',
        run_at: at(4),
        attempts: 1,
        attempted: true,
        error,
      },
      ['retry.backoff'],
    ],
    [
      'a called service asked for a pause',
      {
        status: 'scheduled',
        reason: 'rate_limited',
        run_at: at(4),
        attempted: true,
        error,
      },
      ['retry.throttled'],
    ],
    [
      'a worker put it back',
      { status: 'scheduled', reason: 'retry', run_at: at(4), attempted: false },
      ['workers.postponed'],
    ],
    ['it snoozes', { status: 'scheduled', reason: 'snooze', run_at: at(4), attempted: true }, ['snooze']],
    [
      'its delay runs',
      { status: 'scheduled', reason: 'dependency_delay', run_at: at(4) },
      ['schedule.dependency_delay'],
    ],
    ['it is about to be taken', { status: 'queued', queued_at: at(-1) }, ['queued.imminent']],
    [
      'it waits its turn',
      { status: 'queued', queued_at: at(-1), ahead: 5, slots_busy: 8 },
      ['workers.busy', 'queued.turn'],
    ],
    ['it is a suspect', { status: 'queued', queued_at: at(-1), crashes: 2 }, ['suspect.isolation']],
    ['it expires soon', { paused: true, expires_at: at(60) }, ['queue.paused', 'expires.near']],
    ['it expired', { expires_at: at(-1) }, ['dispatch.imminent', 'expires.passed']],
    ['it runs', running, ['running']],
    [
      'its deadline nears',
      { ...running, deadline_at: at(9), expires_at: at(-1) },
      ['running', 'deadline.near'],
    ],
    ['its worker is silent', { ...running, worker_seen_at: at(-6) }, ['worker.silent', 'running']],
    ['its worker is gone', { ...running, worker_lost: true }, ['worker.silent', 'running']],
    ['it is over time', { ...running, started_at: at(-301) }, ['attempt.overdue', 'running']],
    ['it does not stop', { ...running, cancel_requested_at: at(-3) }, ['cancel.requested', 'running']],
    ['it is done', { status: 'completed' }, ['final.completed']],
    ['it was cancelled', { status: 'cancelled' }, ['final.cancelled']],
    ['it failed for good', { status: 'failed', reason: 'exhausted', error }, ['failed.exhausted']],
    ['it was poison', { status: 'failed', reason: 'poison', crashes: 3 }, ['failed.poison']],
    ['it came too late', { status: 'failed', reason: 'expired' }, ['failed.expired']],
    ['another took it along', { status: 'cancelled', reason: 'dependency_failed' }, ['failed.dependency']],
    ['another failed it', { status: 'failed', reason: 'dependency_failed' }, ['failed.dependency']],
  ])('is told when %s', (_, facts, codes) => {
    expect(codesOf(facts)).toEqual(codes);
  });

  it('is told when the transport is away, or does not know it', () => {
    expect(codesOf({}, { unreachableSince: at(-30) })).toEqual(['transport.unreachable']);
    expect(codesOf({ status: 'queued', queued_at: at(-3) }, { knows: false })).toEqual(['transport.unaware']);
  });

  it('names since when, until when, and what can be done', () => {
    const { summary, reasons, position } = explain(
      { ...calm, paused: true, paused_at: at(-9), ahead: 2 },
      REACHED,
    );
    expect(summary).toBe('It waits (pending): the queue documents is paused');
    expect(reasons[0]).toEqual({
      code: 'queue.paused',
      detail: 'The queue documents is paused',
      since: at(-9).toISOString(),
      until: null,
      next_step: 'POST /api/queue/queues/documents/resume (or: intake resume documents)',
    });
    expect(position).toEqual({ place: 3, among: 'tenant', window_used: 0, window_size: 64 });
  });

  it('says when a silent worker loses the task', () => {
    const [reason] = explain({ ...calm, ...running, worker_seen_at: at(-6) }, REACHED).reasons;
    expect(reason).toMatchObject({ code: 'worker.silent', until: at(6).toISOString() });
  });

  it('always has an answer that fits the wire', () => {
    const times = option(integer({ min: -10_000, max: 10_000 }).map(at));
    const facts = record({
      status: constantFrom(...TASK_STATUSES),
      reason: option(constantFrom('retry', 'snooze', 'run_at', 'rate_limited', 'poison', 'timeout', 'odd')),
      run_at: times,
      queued_at: times,
      started_at: times,
      expires_at: times,
      deadline_at: times,
      worker_seen_at: times,
      paused: boolean(),
      attempted: boolean(),
      crashes: integer({ min: 0, max: 3 }),
      workers_alive: integer({ min: 0, max: 2 }),
      slots_busy: integer({ min: 0, max: 9 }),
      ahead: integer({ min: 0, max: 10_000 }),
    });
    assert(
      property(facts, times, option(boolean()), (some, unreachableSince, knows) => {
        const answer = explain({ ...calm, ...some }, { unreachableSince, knows });
        expect(answer.reasons.length).toBeGreaterThan(0);
        expect(Explanation.safeParse(answer).error).toBeUndefined();
      }),
    );
  });
});

describe('the page of reasons', () => {
  it('lists every code with its meaning and next step, and no other', () => {
    const page = readFileSync(new URL('../../docs/explain.md', import.meta.url), 'utf8');
    const rows = page.split('\n').filter((line) => line.startsWith('| `'));
    const wanted = Object.entries(EXPLAIN_CODES).map(
      ([code, { means, next }]) => `| \`${code}\` | ${means} | ${next} |`,
    );
    expect(rows).toEqual(wanted);
  });
});

function task(status: 'processing') {
  return { task_id: '01990f2e-5b6c-7d10-9a55-0c2f6d1b7a11', type: 'documents.process', status };
}
