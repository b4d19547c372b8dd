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

  /**
   * The newest of the times from `first`, which is one whatever the expression says, until `last`; oldest first.
   * @returns how many there are in all, too; counting stops at 1,000
   */
  since(first: Date, last: Date, newest: number): { times: Date[]; total: number } {
    const times: Date[] = [];
    for (
      let time: Date | null = first;
      time && time <= last && times.length < MAX_COUNTED;
      time = this.next(time)
    )
      times.push(time);
    const { length: total } = times;
    // Walking back is slow, but shorter than an outage of a thousand.
    if (total === MAX_COUNTED)
      return { total, times: this.cron.previousRuns(newest, new Date(last.getTime() + 1)).toReversed() };
    return { total, times: times.slice(-newest) };
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

/** @returns what the clock shows there, such as `2026-03-29T03:00:00+02:00` */
export function localTime(moment: Date, timeZone: string): string {
  const shown = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
    .formatToParts(moment)
    .find(({ type }) => type === 'timeZoneName')?.value;
  const offset = /[+-]\d\d:\d\d/.exec(shown ?? '')?.[0] ?? '+00:00';
  const [hours = 0, minutes = 0] = offset.slice(1).split(':').map(Number);
  const ahead = (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
  return new Date(moment.getTime() + ahead).toISOString().slice(0, 19) + offset;
}
