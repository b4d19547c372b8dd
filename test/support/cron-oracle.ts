const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const BOUNDS = [
  [0, 59],
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
] as const;

/** A minute of real time, and what the clock on the wall shows then, written as if it were UTC. */
interface WallMinute {
  at: number;
  wall: number;
}

/** The clock on the wall of a zone, a minute at a time, as the runtime's own calendar tells it. */
export function wallMinutes(zone: string, from: Date, days: number): WallMinute[] {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  return Array.from({ length: days * 1_440 }, (_, at) => {
    const moment = from.getTime() + at * MINUTE_MS;
    const part = Object.fromEntries(
      format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]),
    ) as Record<'year' | 'month' | 'day' | 'hour' | 'minute', number>;
    return { at: moment, wall: Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute) };
  });
}

/** Hours of a year after which the zone's distance from UTC is another one than before. */
export function transitions(zone: string, year: number): Date[] {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  const offset = (at: number) => format.format(at).split(', ')[1];
  const start = Date.UTC(year, 0, 1);
  return Array.from({ length: 366 * 24 }, (_, hour) => start + hour * 3_600_000)
    .filter((at) => offset(at) !== offset(at + 3_600_000))
    .map((at) => new Date(at));
}

/**
 * When an expression is due within these minutes, found without any calendar arithmetic: every minute is looked at.
 * An expression that repeats is due at every moment whose wall time matches; one of fixed times once for every wall
 * time that matches: at the first of two, and at the end of the gap when there is none.
 * @param text five fields, or six with the seconds in front; numbers only
 */
export function dueTimes(text: string, minutes: readonly WallMinute[]): number[] {
  const fields = text.split(' ');
  if (fields.length === 5) fields.unshift('0');
  const repeats = fields.slice(0, 3).some((field) => /[*/]/.test(field));
  const isDue = matcher(fields);
  const due = repeats
    ? minutes.filter(({ wall }) => isDue(wall)).map(({ at }) => ({ at, exact: true }))
    : fixedTimes(isDue, minutes);
  const seconds = valuesOf(fields[0] ?? '', 0);
  const times = due.flatMap(({ at, exact }) => (exact ? seconds.map((second) => at + second * 1_000) : [at]));
  return [...new Set(times)].toSorted((a, b) => a - b);
}

/** Each wall minute of every day, whether the clock showed it or not. */
function fixedTimes(isDue: (wall: number) => boolean, minutes: readonly WallMinute[]) {
  const first = new Map<number, number>();
  for (const { at, wall } of minutes) if (!first.has(wall)) first.set(wall, at);
  const [start, end] = [minutes[0]?.wall ?? 0, minutes.at(-1)?.wall ?? 0];
  const due: Array<{ at: number; exact: boolean }> = [];
  for (let wall = start; wall <= end; wall += MINUTE_MS) {
    if (!isDue(wall)) continue;
    const at = first.get(wall);
    if (at !== undefined) due.push({ at, exact: true });
    else due.push({ at: minutes.find((later) => later.wall > wall)?.at ?? Infinity, exact: false });
  }
  return due;
}

function matcher(fields: readonly string[]): (wall: number) => boolean {
  const values = fields.map(valuesOf);
  const has = (field: number, value: number): boolean => values.at(field)?.includes(value) === true;
  const everyDay = fields[3] === '*' || fields[5] === '*';
  return (wall) => {
    const time = new Date(wall);
    const [isDay, isWeekday] = [has(3, time.getUTCDate()), has(5, Math.floor(wall / DAY_MS + 4) % 7)];
    const isDate = everyDay ? isDay && isWeekday : isDay || isWeekday;
    const isTime = has(1, time.getUTCMinutes()) && has(2, time.getUTCHours());
    return isDate && isTime && has(4, time.getUTCMonth() + 1);
  };
}

function valuesOf(field: string, at: number): number[] {
  const [min, max] = BOUNDS[at] ?? [0, 0];
  return field.split(',').flatMap((part) => {
    const [span = '', step = '1'] = part.split('/');
    const [from = min, to = from] = span === '*' ? [min, max] : span.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, more) => from + more).filter(
      (value) => (value - from) % Number(step) === 0,
    );
  });
}
