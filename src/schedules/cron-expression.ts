import { Cron } from 'croner';

/** Ticks of an outage beyond this are not counted one by one. */
const MAX_COUNTED = 1_000;
const MACRO = /^@(yearly|annually|monthly|weekly|daily|midnight|hourly)$/i;
/** Names, not distances from UTC: those know no summer time. */
const ZONE_NAME = /^[A-Za-z][\w+/-]*$/;

/**
 * When a cron expression is due in a time zone. Expressions of fixed times (no `*` and no step in seconds, minutes and
 * hours) run once for every wall time that they name: at the first of two, and when the clock jumps over it, at the
 * moment of the jump. Those that repeat follow the wall clock as it is: both passes of an hour that comes twice, no
 * pass of one that is left out. After Vixie cron.
 */
export class CronExpression {
  private readonly cron: Cron;

  /** @throws Error that says what is wrong with the expression */
  constructor(
    readonly text: string,
    readonly timeZone: string,
  ) {
    if (!MACRO.test(text) && !/^\S+( +\S+){4,5}$/.test(text)) {
      throw new Error('5 fields, 6 with seconds in front, or one of @hourly @daily @weekly @monthly @yearly');
    }
    this.cron = new Cron(text, {
      timezone: timeZone,
      mode: '5-or-6-parts',
      fixedTimeRule: 'no-wildcard',
      paused: true,
    });
  }

  /** The first time after a moment, or `null` when there is none. */
  next(after: Date): Date | null {
    return this.cron.nextRun(after);
  }

  /** The next times after a moment, earliest first. */
  following(after: Date, count: number): Date[] {
    return this.cron.nextRuns(count, after);
  }

  /** The newest times from `first` until `last`, both included, oldest first. */
  latest(first: Date, last: Date, count: number): Date[] {
    return this.cron
      .previousRuns(count, new Date(last.getTime() + 1))
      .filter((time) => time >= first)
      .toReversed();
  }

  /** How many times there are from `first` until before `end`; stops counting at 1,000. */
  count(first: Date, end: Date): number {
    let counted = 0;
    for (let time: Date | null = first; time && time < end && counted < MAX_COUNTED; counted += 1)
      time = this.next(time);
    return counted;
  }
}

/** @returns whether it names a zone that the calendar of this runtime knows */
export function isTimeZone(name: string): boolean {
  if (!ZONE_NAME.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
