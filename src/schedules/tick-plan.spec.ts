import { describe, expect, it } from 'vitest';
import { CronExpression } from './cron-expression.js';
import { planTicks, type DueTicks, type TickPlan } from './tick-plan.js';

const everyFive = new CronExpression('*/5 * * * *', 'UTC');
const at = (time: string) => new Date(`2026-11-20T${time}Z`);
const times = (dates: readonly Date[]) => dates.map((date) => date.toISOString().slice(11, 16));

const plan = (due: Partial<DueTicks>, cron = everyFive): TickPlan =>
  planTicks(cron, {
    nextAt: at('10:00'),
    now: at('10:00:00.400'),
    catchUp: 'last',
    overlap: 'allow',
    isLastLive: false,
    ...due,
  });

describe('a tick that is due', () => {
  it.each(['none', 'last', 'all'] as const)('fires, with catch_up %s', (catchUp) => {
    const { fire, skippedBefore, skippedAfter, why, nextAt } = plan({ catchUp });
    expect([times(fire), skippedBefore, skippedAfter, why]).toEqual([['10:00'], 0, 0, null]);
    expect(nextAt).toEqual(at('10:05'));
  });

  it('was not missed when it is a little late, and was when it is a minute late', () => {
    expect(times(plan({ catchUp: 'none', now: at('10:00:59.999') }).fire)).toEqual(['10:00']);
    expect(plan({ catchUp: 'none', now: at('10:01:00') })).toMatchObject({
      fire: [],
      skippedBefore: 1,
      why: 'missed',
      nextAt: at('10:05'),
    });
  });

  it('is a tick although the expression does not know it any more', () => {
    const { fire, nextAt } = plan({ nextAt: at('09:58:30'), catchUp: 'all' });
    expect(times(fire)).toEqual(['09:58', '10:00']);
    expect(nextAt).toEqual(at('10:05'));
  });
});

describe('an outage of an hour', () => {
  const now = at('11:02');

  it('leaves nothing with none, the last tick with last', () => {
    expect(plan({ catchUp: 'none', now })).toMatchObject({ fire: [], skippedBefore: 13, why: 'missed' });
    expect(plan({ catchUp: 'none', now: at('11:00:10') })).toMatchObject({
      fire: [at('11:00')],
      skippedBefore: 12,
    });
    expect(plan({ catchUp: 'last', now })).toMatchObject({
      fire: [at('11:00')],
      skippedBefore: 12,
      skippedAfter: 0,
      why: 'missed',
      nextAt: at('11:05'),
    });
  });

  it('leaves every tick with all, oldest first', () => {
    const { fire, skippedBefore, why, nextAt } = plan({ catchUp: 'all', now });
    expect(times(fire)).toEqual(
      times(Array.from({ length: 13 }, (_, tick) => new Date(at('10:00').getTime() + tick * 300_000))),
    );
    expect([skippedBefore, why, nextAt]).toEqual([0, null, at('11:05')]);
  });

  it('runs the newest hundred, twenty at a time', () => {
    const minutely = new CronExpression('* * * * *', 'UTC');
    const seen: Date[] = [];
    let [nextAt, skipped]: [Date | null, number] = [at('10:00'), 0];
    const later = at('13:00:30');
    for (let pass = 0; nextAt && nextAt <= later; pass += 1) {
      const step: TickPlan = plan({ catchUp: 'all', nextAt, now: later }, minutely);
      expect(step.fire.length, `pass ${pass}`).toBe(20);
      seen.push(...step.fire);
      skipped += step.skippedBefore + step.skippedAfter;
      nextAt = step.nextAt;
    }
    expect([times(seen.slice(0, 1)), times(seen.slice(-1)), seen.length, skipped]).toEqual([
      ['11:21'],
      ['13:00'],
      100,
      81,
    ]);
    expect(new Set(seen.map(String)).size).toBe(100);
  });
});

describe('ticks that overlap', () => {
  it('are skipped beside a task that lives', () => {
    expect(plan({ overlap: 'skip', isLastLive: true })).toMatchObject({
      fire: [],
      skippedBefore: 1,
      why: 'overlap',
      nextAt: at('10:05'),
    });
    expect(plan({ overlap: 'cancel', isLastLive: true }).fire).toEqual([at('10:00')]);
    expect(plan({ overlap: 'allow', isLastLive: true }).fire).toEqual([at('10:00')]);
  });

  it('run the oldest of an outage with skip, the newest with cancel', () => {
    const due = { catchUp: 'all', now: at('10:12') } as const;
    expect(plan({ ...due, overlap: 'skip' })).toMatchObject({
      fire: [at('10:00')],
      skippedBefore: 0,
      skippedAfter: 2,
      why: 'overlap',
      nextAt: at('10:15'),
    });
    expect(plan({ ...due, overlap: 'cancel' })).toMatchObject({
      fire: [at('10:10')],
      skippedBefore: 2,
      skippedAfter: 0,
      why: 'overlap',
      nextAt: at('10:15'),
    });
  });
});
