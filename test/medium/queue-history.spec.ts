import { array, assert, asyncProperty, constantFrom, integer, record, boolean } from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/kernel/ids.js';
import { pointsOf } from '../../src/queue/queue-history.js';
import { TaskStatsRepository } from '../../src/tasks/task-stats.repository.js';
import { TaskStatsService } from '../../src/tasks/task-stats.service.js';
import { freshEnvironment, startSubmitter, type TestApp } from '../support/apps.js';
import type { TestDatabase } from '../support/stack.js';

const METRICS = ['total.submitted', 'total.completed', 'depth.pending', 'depth.processing', 'run.3'];
/** Appends changes that happened some minutes before the minute that `$4` names. */
const APPEND = `
INSERT INTO stats_deltas (tenant_id, queue, minute, metric, amount)
SELECT $1, $2, date_trunc('minute', $4::timestamptz) - make_interval(mins => c.ago), c.metric, c.amount
FROM jsonb_to_recordset($3::jsonb) AS c(ago int, metric text, amount int)`;

interface Change {
  ago: number;
  metric: string;
  amount: number;
}

describe('the history of a queue', () => {
  let database: TestDatabase;
  let app: TestApp;
  let stats: TaskStatsService;

  beforeAll(async () => {
    ({ database } = await freshEnvironment('postgres'));
    app = await startSubmitter();
    stats = app.get(TaskStatsService);
  });

  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  /** A tenant to whom all this happened, counted back from a time that does not run on. */
  async function lived(changes: Change[]) {
    const [scope, now] = [{ tenantId: newId() }, await app.get(TaskStatsRepository).now()];
    await app.database.query(APPEND, scope.tenantId, 'default', JSON.stringify(changes), now);
    return { scope, now };
  }

  async function pointsFor(scope: { tenantId: string }, now: Date, minutes: number, stepSeconds: number) {
    const from = new Date(now.getTime() - minutes * 60_000).toISOString();
    const history = await stats.history(scope, ['default'], { from, stepSeconds });
    return { from: history.from, points: pointsOf(history, stepSeconds) };
  }

  const change = record({
    ago: integer({ min: 0, max: 47 * 60 }),
    metric: constantFrom(...METRICS),
    amount: integer({ min: 1, max: 9 }),
  });

  it('adds up to the totals, by the minute and by the hour, folded or not, and every depth is exact', async () => {
    await assert(
      asyncProperty(array(change, { maxLength: 60 }), boolean(), async (changes, folded) => {
        const { scope, now } = await lived(changes);
        if (folded) await fold(app);
        for (const stepSeconds of [300, 7_200]) {
          const { from, points } = await pointsFor(scope, now, 47 * 60, stepSeconds);
          const sum = (metric: string, until = Infinity) =>
            changes
              .filter((c) => c.metric === metric && minuteOf(now, c.ago) < until)
              .reduce((n, { amount }) => n + amount, 0);
          expect(total(points, 'submitted')).toBe(sum('total.submitted'));
          expect(total(points, 'completed')).toBe(sum('total.completed'));
          for (const [step, point] of points.entries()) {
            const end = from.getTime() + (step + 1) * stepSeconds * 1_000;
            expect(point.depth).toBe(sum('depth.pending', end));
            expect(point.processing).toBe(sum('depth.processing', end));
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  it('has a point for every step, zeros where nothing happened, and carries the depth', async () => {
    const { scope, now } = await lived([
      { ago: 3, metric: 'depth.pending', amount: 2 },
      { ago: 3, metric: 'total.submitted', amount: 2 },
    ]);
    const { points } = await pointsFor(scope, now, 5, 60);
    expect(points.map(({ submitted }) => submitted).slice(0, 6)).toEqual([0, 0, 2, 0, 0, 0]);
    expect(points.map(({ depth }) => depth).slice(0, 6)).toEqual([0, 0, 2, 2, 2, 2]);
    expect(points[0]).toMatchObject({ completed: 0, failed: 0, wait_p50_ms: null, run_p95_ms: null });
  });

  it('forgets minutes after 48 hours and hours after 90 days, and never a total', async () => {
    const day = 24 * 60;
    const { scope, now } = await lived([
      { ago: 1, metric: 'total.completed', amount: 1 },
      { ago: 2 * day + 61, metric: 'total.completed', amount: 10 },
      { ago: 91 * day, metric: 'total.completed', amount: 100 },
    ]);
    await fold(app);
    const repository = app.get(TaskStatsRepository);
    await app.database.transaction((tx) => repository.forget(tx, 1_000));
    const kept = (table: string) =>
      app.database.query<{ amount: number }>(
        `SELECT amount::int AS amount FROM ${table} WHERE tenant_id = $1 ORDER BY amount`,
        scope.tenantId,
      );
    expect((await kept('stats')).map(({ amount }) => amount)).toEqual([1, 111]);
    expect((await kept('stats_hours')).map(({ amount }) => amount)).toEqual([1, 10]);
    const { points } = await pointsFor(scope, now, 89 * day, 7_200);
    expect(total(points, 'completed')).toBe(11);
  });

  it('refuses what it no longer knows, and more points than anybody can look at', async () => {
    const { scope, now } = await lived([]);
    const asked = (minutes: number, stepSeconds: number) => pointsFor(scope, now, minutes, stepSeconds);
    const field = (path: string) => ({
      code: 'request.invalid',
      options: { errors: [expect.objectContaining({ path })] },
    });
    await expect(asked(49 * 60, 300)).rejects.toMatchObject(field('from'));
    await expect(asked(92 * 24 * 60, 86_400)).rejects.toMatchObject(field('from'));
    await expect(asked(47 * 60, 60)).rejects.toMatchObject(field('step'));
    await expect(asked(-10, 60)).rejects.toMatchObject(field('from'));
  });
});

/** The sweep does it too; whichever comes first. */
async function fold(app: TestApp): Promise<void> {
  const repository = app.get(TaskStatsRepository);
  await app.database.transaction((tx) => repository.fold(tx, 5_000));
}

function minuteOf(now: Date, ago: number): number {
  return Math.floor(now.getTime() / 60_000) * 60_000 - ago * 60_000;
}

function total<Key extends 'submitted' | 'completed'>(
  points: ReadonlyArray<Record<Key, number>>,
  key: Key,
): number {
  return points.reduce((sum, point) => sum + point[key], 0);
}
