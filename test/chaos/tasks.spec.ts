import { setTimeout as delay } from 'node:timers/promises';
import { describe, it } from 'vitest';
import { readConfig } from '../../src/config/config.js';
import { Database } from '../../src/database/database.js';
import { inconsistencies } from '../support/consistency.js';
import { eventually, transports } from '../support/stack.js';
import { ChaosStack } from './stack.js';
import { Trickle } from './trickle.js';

/** Longer than the lease of a process. */
const FROZEN_MS = 14_000;
const OUTAGE_MS = 60_000;
const DRAIN_MS = 60_000;

interface Scene {
  stack: ChaosStack;
  database: Database;
  trickle: Trickle;
}

/** The ledger against the rows: what was accepted and is not there, or has not ended well, or not once. */
const LEDGER = `
SELECT l.id, t.status, t.reason, t.attempts, t.crashes,
  (SELECT count(*)::int FROM task_attempts a WHERE a.task_id = l.id AND a.outcome = 'completed') AS completions
FROM unnest($1::uuid[]) AS l(id) LEFT JOIN tasks t ON t.id = l.id
WHERE t.status IS DISTINCT FROM 'completed'
  OR (SELECT count(*) FROM task_attempts a WHERE a.task_id = l.id AND a.outcome = 'completed') <> 1`;

describe.concurrent.each(transports())('a trickle of work on %s', (transport) => {
  it('is neither lost nor done twice, whatever process dies or sleeps', { timeout: 200_000 }, ({ expect }) =>
    played(transport, 2, async ({ stack, database, trickle }) => {
      await flowing(trickle);
      await stack.api.kill('SIGKILL');
      await stack.startApi();
      await flowing(trickle);
      await stack.worker(0).kill('SIGKILL');
      await stack.startWorker(0);
      await flowing(trickle);
      stack.killPostgres();
      await stack.startPostgres();
      await flowing(trickle);
      if (transport === 'redis') await stack.replaceRedis();
      await flowing(trickle);
      process.kill(stack.worker(1).pid, 'SIGSTOP');
      await delay(FROZEN_MS);
      process.kill(stack.worker(1).pid, 'SIGCONT');
      await flowing(trickle);
      await trickle.stop();
      expect(await openTasks(database)).toBe(0);
      expect(await database.query(LEDGER, trickle.accepted)).toEqual([]);
      expect(await inconsistencies(database)).toEqual({});
      expect(trickle.accepted.length).toBeGreaterThan(200);
      const [crashed] = await database.query<{ n: number }>(
        'SELECT count(*)::int AS n FROM tasks WHERE crashes > 0',
      );
      // The killed and the frozen worker had work in hand: otherwise nothing was shown.
      expect(crashed?.n).toBeGreaterThan(0);
    }),
  );

  it(
    'counts no crash when Postgres is down for a minute or stands still',
    { timeout: 200_000 },
    ({ expect }) =>
      played(transport, 1, async ({ stack, database, trickle }) => {
        await flowing(trickle);
        stack.killPostgres();
        await delay(OUTAGE_MS);
        await stack.startPostgres();
        await flowing(trickle);
        await delay(FROZEN_MS);
        stack.freezePostgres('SIGSTOP');
        await delay(FROZEN_MS);
        stack.freezePostgres('SIGCONT');
        await flowing(trickle);
        await trickle.stop();
        expect(await openTasks(database)).toBe(0);
        expect(await database.query('SELECT id, crashes FROM tasks WHERE crashes > 0')).toEqual([]);
        expect(await database.query(LEDGER, trickle.accepted)).toEqual([]);
        expect(await inconsistencies(database)).toEqual({});
      }),
  );
});

async function played(
  transport: ReturnType<typeof transports>[number],
  workers: number,
  play: (scene: Scene) => Promise<void>,
): Promise<void> {
  const stack = await ChaosStack.start(transport, workers);
  const database = new Database(readConfig({ DATABASE_URL: stack.databaseUrl, AUTH_MODE: 'disabled' }));
  const trickle = new Trickle(() => stack.url);
  try {
    await play({ stack, database, trickle });
  } catch (error) {
    throw new Error(`${String(error)}\n${stack.output()}`, { cause: error });
  } finally {
    await trickle.stop();
    await database.client.$disconnect();
    await stack.stop();
  }
}

/** The next twenty are accepted: the fault met work in flight, and the way in is open again. */
function flowing({ accepted }: Trickle): Promise<unknown> {
  const target = accepted.length + 20;
  return eventually(() => accepted.length >= target, { timeoutMs: 40_000 });
}

/** @returns how many tasks are not final after a while: none */
async function openTasks(database: Database): Promise<number> {
  let open = 0;
  await eventually(
    async () => {
      const [row] = await database.query<{ n: number }>(
        'SELECT count(*)::int AS n FROM tasks WHERE finished_at IS NULL',
      );
      open = row?.n ?? 0;
      return open === 0;
    },
    { timeoutMs: DRAIN_MS, everyMs: 250 },
  ).catch(() => undefined);
  return open;
}
