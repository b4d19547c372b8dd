import { describe, expect, it } from 'vitest';
import { Fault } from '../kernel/fault.js';
import { unstorable } from '../kernel/storable.js';
import type { NewTask } from '../tasks/task-rows.js';
import type { DueSchedule } from './schedules.repository.js';
import { overlapped, toRecord, type Move } from './tick-move.js';

const ticks = ['10:00', '10:05', '10:10'].map((time) => new Date(`2026-11-20T${time}:00Z`));
const [first, second, third] = ticks;
const next = new Date('2026-11-20T10:15:00Z');
const task = (id: string) => ({ id }) as NewTask;
const placed = (id: string) => ({ placed: { id } }) as never;

function moveOf(move: Partial<Move>, schedule: Partial<DueSchedule> = {}): Move {
  const plan = { fire: ticks, skippedBefore: 4, skippedAfter: 2, why: 'missed' as const, nextAt: next };
  const row = { id: 's', next_at: first, refusals: 0, overlap: 'allow', last_task_id: 'before', ...schedule };
  return { schedule: row as DueSchedule, plan, tasks: [], ...move };
}

describe('what is recorded of a schedule', () => {
  it('moves on past everything that was decided', () => {
    const answers = new Map(['a', 'b', 'c'].map((id) => [id, placed(id)]));
    expect(toRecord(moveOf({ tasks: ['a', 'b', 'c'].map(task) }), answers)).toEqual({
      id: 's',
      next_at: next,
      tick_at: third,
      task_id: 'c',
      fired: 3,
      skipped: 6,
      skip_reason: 'missed',
    });
  });

  it('stops at the tick that was refused, with those before it fired', () => {
    const refusal = new Fault('queue.full', 'The queue is full', { retryAfterSeconds: 30 });
    const record = toRecord(moveOf({ tasks: [task('a')], refusal }), new Map([['a', placed('a')]]));
    expect(record).toMatchObject({ next_at: second, tick_at: first, fired: 1, skipped: 4 });
    expect(record.error).toEqual({ code: 'queue.full', message: 'The queue is full' });
    expect(record.wait_ms).toBe(30_000);
  });

  it('waits longer after each refusal, up to about a minute', () => {
    const refusal = new Fault('task.type_unknown', 'No handler');
    const waits = [0, 1, 2, 50].map(
      (refusals) => toRecord(moveOf({ refusal }, { refusals }), new Map()).wait_ms ?? 0,
    );
    for (const [at, wait] of waits.entries()) {
      const usual = [5_000, 10_000, 20_000, 60_000][at] ?? 0;
      expect(Math.abs(wait - usual)).toBeLessThanOrEqual(usual * 0.2);
    }
  });

  it('tells why in words that can be stored', () => {
    const refusal = new Fault('request.invalid', `${'x'.repeat(998)} 😀\0`);
    expect(unstorable(toRecord(moveOf({ refusal }), new Map()).error)).toEqual([]);
  });

  it('counts a tick whose task is there already as no new task', () => {
    const answers = new Map([['a', { collision: { id: 'earlier' } } as never]]);
    expect(toRecord(moveOf({ tasks: [task('a')] }), answers)).toMatchObject({ fired: 0, task_id: 'earlier' });
  });
});

describe('the task before', () => {
  it('makes way only when another one comes', () => {
    const lives = { overlap: 'cancel', is_last_live: true } as const;
    expect(overlapped(moveOf({ tasks: [task('a')] }, lives))).toEqual(['before']);
    expect(overlapped(moveOf({ tasks: [] }, lives))).toEqual([]);
    expect(overlapped(moveOf({ tasks: [task('a')] }, { ...lives, is_last_live: false }))).toEqual([]);
    expect(overlapped(moveOf({ tasks: [task('a')] }, { ...lives, overlap: 'allow' }))).toEqual([]);
  });
});
