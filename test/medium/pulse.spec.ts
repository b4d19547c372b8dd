import { Client } from 'pg';
import { expect, it } from 'vitest';
import { Pulse } from '../../src/database/pulse.js';
import { emptyDatabase, eventually } from '../support/stack.js';

const STOP_AFTER_MS = 500;
const BLOCKED_MS = 3_000;

it('a pulse falls silent when the main thread is blocked, and beats again after', async () => {
  const database = await emptyDatabase();
  const client = new Client(database.url);
  await client.connect();
  await client.query('CREATE TABLE beats (at timestamptz NOT NULL DEFAULT clock_timestamp())');
  const beats = async (since: Date, until = 'infinity') => {
    const sql = 'SELECT count(*)::int AS n FROM beats WHERE at > $1 AND at < $2::timestamptz';
    return ((await client.query<{ n: number }>(sql, [since, until])).rows[0]?.n ?? 0) > 0;
  };
  const now = async () => (await client.query<{ now: Date }>('SELECT clock_timestamp() AS now')).rows[0].now;
  const pulse = new Pulse({
    connectionString: database.url,
    sql: 'INSERT INTO beats SELECT RETURNING 1',
    intervalMs: 50,
    stopAfterMs: STOP_AFTER_MS,
    parameters: () => [],
    onBeat: () => undefined,
  });
  const start = await now();
  pulse.start();
  await eventually(() => beats(start), { timeoutMs: 30_000 });
  const blockedAt = await now();
  const endMs = performance.now() + BLOCKED_MS;
  while (performance.now() < endMs);
  const freedAt = new Date(blockedAt.getTime() + BLOCKED_MS);
  // Half the time is for a beat that was under way on a slow machine.
  const silentFrom = new Date(blockedAt.getTime() + BLOCKED_MS / 2);
  await eventually(() => beats(freedAt), { timeoutMs: 30_000 });
  expect(await beats(silentFrom, freedAt.toISOString())).toBe(false);
  await pulse.stop();
  await client.end();
  await database.drop();
});

it('a pulse knows why its beats do not arrive', async () => {
  const database = await emptyDatabase();
  const pulse = new Pulse({
    connectionString: database.url,
    sql: 'INSERT INTO nowhere SELECT',
    intervalMs: 50,
    stopAfterMs: 60_000,
    parameters: () => [],
    onBeat: () => undefined,
  });
  expect(pulse.fault).toBeNull();
  pulse.start();
  await eventually(() => pulse.fault, { timeoutMs: 30_000 });
  expect(pulse.fault).toContain('relation "nowhere" does not exist');
  await pulse.stop();
  await database.drop();
});
