import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dueTimes, transitions, wallMinutes } from '../../test/support/cron-oracle.js';
import { CronExpression, isTimeZone } from './cron-expression.js';

const DAY_MS = 86_400_000;

/** Summer time of an hour, half an hour and two; at midnight, in the southern half, by the moon, by law. */
const YEARS: ReadonlyArray<readonly [zone: string, year: number]> = [
  ['Europe/Berlin', 2026],
  ['America/New_York', 2027],
  ['Australia/Lord_Howe', 2026],
  ['Antarctica/Troll', 2026],
  ['Africa/Cairo', 2026],
  ['America/Havana', 2026],
  ['America/Santiago', 2026],
  ['Africa/Casablanca', 2026],
  ['America/Sao_Paulo', 2018],
  ['Asia/Beirut', 2026],
  ['Asia/Kathmandu', 2026],
];

const crossings = YEARS.flatMap(([zone, year]) => {
  const moments = transitions(zone, year);
  return (moments.length > 0 ? moments : [new Date(Date.UTC(year, 5, 1))]).map((moment) => {
    const from = new Date(Math.floor(moment.getTime() / DAY_MS - 2) * DAY_MS);
    return { zone, from, minutes: wallMinutes(zone, from, 5) };
  });
});

function field(min: number, max: number, likely: readonly number[] = [min, max]): fc.Arbitrary<string> {
  const value = fc.oneof(fc.integer({ min, max }), fc.constantFrom(...likely));
  const bounds = fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const step = fc.integer({ min: 2, max: Math.max(2, max >> 1) });
  return fc.oneof(
    fc.constant('*'),
    { weight: 3, arbitrary: value.map(String) },
    fc.uniqueArray(value, { minLength: 2, maxLength: 4 }).map(String),
    bounds,
    step.map((by) => `*/${by}`),
    fc.tuple(bounds, step).map((parts) => parts.join('/')),
  );
}

const mostly = (usual: string, odd: fc.Arbitrary<string>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, odd);

const seconds = fc.uniqueArray(fc.integer({ min: 0, max: 59 }), { minLength: 1, maxLength: 3 }).map(String);

const expressions = fc
  .tuple(
    mostly('', seconds),
    field(0, 59, [0, 15, 30, 45, 59]),
    field(0, 23, [0, 1, 2, 3, 23]),
    mostly('*', field(1, 31)),
    mostly('*', field(1, 12)),
    mostly('*', field(0, 6)),
  )
  .map((fields) => fields.join(' ').trim());

const iso = (times: readonly Date[]) => times.map((time) => time.toISOString());
const after = (text: string, zone: string, moment: string, count = 3) =>
  iso(new CronExpression(text, zone).following(new Date(moment), count));

describe('a cron expression', () => {
  it('is due when every single minute around a change of the clock says so', () => {
    const places = fc.constantFrom(...crossings.keys());
    const property = fc.property(expressions, places, (text, place) => {
      const { zone, from, minutes } = crossings[place] ?? expect.fail();
      const [start, end] = [from.getTime() + DAY_MS, from.getTime() + 4 * DAY_MS];
      const cron = new CronExpression(text, zone);
      const found: Date[] = [];
      for (let time = cron.next(new Date(start - 1)); time && time.getTime() < end; time = cron.next(time))
        found.push(time);
      const expected = dueTimes(text, minutes).filter((time) => time >= start && time < end);
      expect(iso(found), zone).toEqual(iso(expected.map((time) => new Date(time))));
      const [first, last] = [found[0] ?? new Date(end), new Date(end - 1)];
      const { times, total } = cron.since(first, last, 7);
      expect([iso(times), total], zone).toEqual([iso(found.slice(-7)), Math.min(found.length, 1_000)]);
    });
    fc.assert(property, { numRuns: 120 });
  }, 60_000);

  it('of a fixed time runs once a day, though the clock jumps over it or shows it twice', () => {
    expect(after('30 2 * * *', 'Europe/Berlin', '2026-03-28T02:00:00Z')).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
      '2026-03-31T00:30:00.000Z',
    ]);
    expect(after('30 2 * * *', 'Europe/Berlin', '2026-10-24T02:00:00Z')).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
      '2026-10-27T01:30:00.000Z',
    ]);
  });

  it('of several times in one gap runs once for all of them', () => {
    expect(after('0 0,15,45 2,3 * * *', 'Europe/Berlin', '2026-03-29T00:00:00Z')).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-29T01:15:00.000Z',
      '2026-03-29T01:45:00.000Z',
    ]);
  });

  it('that repeats goes on through the hour that comes twice', () => {
    const quarters = after('*/15 * * * *', 'Europe/Berlin', '2026-10-25T00:00:00Z', 9);
    const first = Date.parse('2026-10-25T00:15:00Z');
    expect(quarters).toEqual(iso(quarters.map((_, at) => new Date(first + at * 900_000))));
  });

  it('has no run in what a jump across midnight leaves out', () => {
    expect(after('45 23 * * *', 'Asia/Pyongyang', '2018-05-04T00:00:00Z', 1)).toEqual([
      '2018-05-05T14:45:00.000Z',
    ]);
    expect(after('0 12 * * *', 'Pacific/Apia', '2011-12-29T00:00:00Z', 2)).toEqual([
      '2011-12-29T22:00:00.000Z',
      '2011-12-30T22:00:00.000Z',
    ]);
  });

  it('may be a macro, in any case, with names, seconds and the last day of a month', () => {
    expect(after('@Daily', 'UTC', '2026-11-20T10:00:00Z', 1)).toEqual(['2026-11-21T00:00:00.000Z']);
    expect(after('0 9 * * MON-fri', 'UTC', '2026-11-20T10:00:00Z', 1)).toEqual(['2026-11-23T09:00:00.000Z']);
    expect(after('*/20 * * * * *', 'UTC', '2026-11-20T10:00:00Z', 1)).toEqual(['2026-11-20T10:00:20.000Z']);
    expect(after('0 0 L * *', 'UTC', '2026-11-20T10:00:00Z', 1)).toEqual(['2026-11-30T00:00:00.000Z']);
    expect(after('0 0 31 2 *', 'UTC', '2026-11-20T10:00:00Z')).toEqual([]);
  });

  it.each([
    '',
    '* * * *',
    '* * * * * * *',
    '60 * * * *',
    '*/0 * * * *',
    '@reboot',
    '@every 5m',
    '2026-12-01T00:00:00',
  ])('is not %j', (text) => {
    expect(() => new CronExpression(text, 'UTC')).toThrow(Error);
  });

  it('counts what an outage left out, as far as it is worth', () => {
    const [first, last] = [new Date('2026-11-20T10:00:00Z'), new Date('2026-11-20T10:29:59Z')];
    expect(new CronExpression('*/5 * * * *', 'UTC').since(first, last, 9)).toMatchObject({
      total: 6,
      times: { length: 6 },
    });
    const { total, times } = new CronExpression('* * * * * *', 'UTC').since(first, last, 2);
    expect([total, iso(times)]).toEqual([1_000, ['2026-11-20T10:29:58.000Z', '2026-11-20T10:29:59.000Z']]);
  });
});

describe('a time zone', () => {
  it('is a name of the IANA data base, in any case', () => {
    for (const name of [
      'UTC',
      'Europe/Berlin',
      'europe/berlin',
      'America/Argentina/Buenos_Aires',
      'Etc/GMT+5',
    ])
      expect(isTimeZone(name), name).toBe(true);
    for (const name of ['', 'Nowhere/Zone', '+02:00', 'Europe/Berlin ', '-05', 'x'.repeat(300)])
      expect(isTimeZone(name), name).toBe(false);
  });
});
