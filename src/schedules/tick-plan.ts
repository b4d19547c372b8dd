import type { CronExpression } from './cron-expression.js';

export type CatchUp = 'none' | 'last' | 'all';
export type Overlap = 'allow' | 'skip' | 'cancel';
export type SkipReason = 'missed' | 'overlap';

/** A tick that is late by less than this was not missed. */
export const GRACE_MS = 60_000;
/** How many missed ticks `catch_up: all` runs, the newest of them. */
export const MAX_CAUGHT_UP = 100;
/** What one transaction submits for one schedule; the rest follows in the next. */
const MAX_AT_ONCE = 20;

export interface DueTicks {
  /** The oldest tick that is not decided: a tick whatever the expression says by now. */
  nextAt: Date;
  now: Date;
  catchUp: CatchUp;
  overlap: Overlap;
  /** The task of the tick before is not final yet. */
  isLastLive: boolean;
}

export interface TickPlan {
  /** Oldest first. */
  fire: Date[];
  /** Ticks older than what fires, and newer ones; all of them, when nothing fires, are older. */
  skippedBefore: number;
  skippedAfter: number;
  why: SkipReason | null;
  nextAt: Date | null;
}

/** The plan of whom a fault kept from planning: everything stays. */
export function undecided(nextAt: Date): TickPlan {
  return { fire: [], skippedBefore: 0, skippedAfter: 0, why: null, nextAt };
}

/**
 * Decides every tick that is due: first what `catch_up` leaves of those that were missed, then what `overlap` leaves of
 * those that would run beside one another: `skip` keeps the oldest, and none beside a task that lives, `cancel` the newest.
 */
export function planTicks(cron: CronExpression, due: DueTicks): TickPlan {
  const { times, total } = cron.since(due.nextAt, due.now, due.catchUp === 'all' ? MAX_CAUGHT_UP : 1);
  const kept = caughtUp(times, due);
  const fire = unlapped(kept, due).slice(0, MAX_AT_ONCE);
  const [first, last] = [fire[0], fire.at(-1)];
  const missed = total - kept.length;
  if (!first || !last) {
    const why = kept.length > 0 ? 'overlap' : 'missed';
    return { fire, skippedBefore: total, skippedAfter: 0, why, nextAt: cron.next(due.now) };
  }
  const rest = due.overlap === 'allow' ? kept.slice(fire.length) : [];
  const lapped = kept.length - fire.length - rest.length;
  const [before, after] = due.overlap === 'skip' ? [0, lapped] : [lapped, 0];
  return {
    fire,
    skippedBefore: missed + before,
    skippedAfter: after,
    why: lapped > 0 ? 'overlap' : missed > 0 ? 'missed' : null,
    nextAt: rest[0] ?? cron.next(due.now),
  };
}

function caughtUp(newest: readonly Date[], { catchUp, now }: DueTicks): readonly Date[] {
  if (catchUp !== 'none') return newest;
  return newest.filter((tick) => now.getTime() - tick.getTime() < GRACE_MS);
}

function unlapped(ticks: readonly Date[], { overlap, isLastLive }: DueTicks): Date[] {
  if (overlap === 'allow') return [...ticks];
  if (overlap === 'cancel') return ticks.slice(-1);
  return isLastLive ? [] : ticks.slice(0, 1);
}
