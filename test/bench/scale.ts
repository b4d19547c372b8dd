import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { DEFAULT_TENANT } from '../../src/kernel/tenant-scope.js';
import * as dispatch from '../../src/tasks/dispatch.sql.js';
import * as stats from '../../src/tasks/stats.sql.js';
import { HISTORY, buffersOf, buffersPerRow, undone } from '../support/buffers.js';
import { Core } from '../support/core.js';
import { eventually } from '../support/eventually.js';
import { redisProgram } from '../support/redis-server.js';
import { openIntake } from './intake-side.js';
import type { Place } from './scenarios.js';
import { BenchServers } from './servers.js';

const FEW = 1_000;
const WINDOW = 64;
const ROUNDS = 4;
const CHUNK = 500_000;
const QUEUE = 'default';

/** As a submit would have left them. $1: how many, $2: tenants, $3: keys, 0 for none. */
const WAITING = `
INSERT INTO tasks (id, tenant_id, type, queue, status, priority, rank_at, payload, max_attempts, backoff, timeout_ms,
  concurrency_key, concurrency_limit, lane)
SELECT gen_random_uuid(), CASE WHEN $2::int = 1 THEN '${DEFAULT_TENANT}' ELSE 'tenant-' || n % $2::int END, 'diagnostics.echo',
  '${QUEUE}', 'pending', 1, now(), '{}', 3, '{}', 60000, 'key-' || k, CASE WHEN k IS NOT NULL THEN 1 END,
  coalesce(length('key-' || k) || ':key-' || k, '')
FROM generate_series(1, $1::int) AS n CROSS JOIN LATERAL (SELECT CASE WHEN $3::int > 0 THEN n % $3::int END AS k) AS lane`;

const { values: options } = parseArgs({
  options: {
    waiting: { type: 'string', default: '1000000' },
    final: { type: 'string', default: '10000000' },
    lanes: { type: 'string', default: '10000' },
    tenants: { type: 'string', default: '1000' },
    json: { type: 'string' },
  },
});
const [waiting, final] = [Number(options.waiting), Number(options.final)];
const hasRedis = redisProgram() !== null;
if (!hasRedis) console.log('There is no redis-server here: no memory of Redis is measured.');

const servers = await BenchServers.start(hasRedis);
try {
  const found = {
    empty: await measure({ waiting: FEW, final: 0 }),
    history: await measure({ waiting: FEW, final }),
    backlog: await measure({ waiting, final: 0 }),
    lanes: await pick({ lanes: Number(options.lanes), tenants: 1 }),
    tenants: await pick({ lanes: 0, tenants: Number(options.tenants) }),
  };
  console.table(found);
  if (options.json) writeFileSync(options.json, JSON.stringify({ waiting, final, ...found }, null, 2));
} finally {
  await servers.stop();
}

/** Pages per dispatched, claimed and settled row and per reading of stats; bytes and keys in Redis with its window full. */
async function measure(size: { waiting: number; final: number }) {
  const place = await servers.freshPlace(hasRedis);
  const core = new Core(place.databaseUrl);
  try {
    await load(place, core, { ...size, tenants: 1, lanes: 0 });
    const each = await buffersPerRow(core.database, QUEUE, ROUNDS);
    const read = await undone(core.database, (tx) =>
      buffersOf(core.database, tx, stats.COUNTS, DEFAULT_TENANT, [QUEUE], 5),
    );
    return { ...size, ...rounded(each), stats: read, ...(await redisOf(place)) };
  } finally {
    await core.close();
    await servers.dispose(place);
  }
}

/** What it takes to choose a window out of so many lanes or tenants. */
async function pick({ lanes, tenants }: { lanes: number; tenants: number }) {
  const place = await servers.freshPlace(false);
  const core = new Core(place.databaseUrl);
  try {
    const rows = 10 * Math.max(lanes, tenants);
    await load(place, core, { waiting: rows, final: 0, lanes, tenants });
    const pages = await undone(core.database, (tx) => buffersOf(core.database, tx, dispatch.PICK, QUEUE));
    const times: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const begunMs = performance.now();
      await core.database.query(dispatch.PICK, QUEUE);
      times.push(performance.now() - begunMs);
    }
    return {
      waiting: rows,
      final: 0,
      lanes,
      tenants,
      'pick, pages': pages,
      'pick, ms': Math.round(Math.min(...times)),
    };
  } finally {
    await core.close();
    await servers.dispose(place);
  }
}

async function load(
  place: Place,
  core: Core,
  size: { waiting: number; final: number; tenants: number; lanes: number },
): Promise<void> {
  await core.tasks.ensureQueues([QUEUE]);
  const client = new Client(place.databaseUrl);
  await client.connect();
  try {
    for (let at = 0; at < size.final; at += CHUNK) {
      await client.query(HISTORY, [Math.min(CHUNK, size.final - at), at]);
      console.log(`${(at + CHUNK).toLocaleString('en')} final`);
    }
    for (let at = 0; at < size.waiting; at += CHUNK)
      await client.query(WAITING, [Math.min(CHUNK, size.waiting - at), size.tenants, size.lanes]);
    await client.query('VACUUM (ANALYZE) tasks');
  } finally {
    await client.end();
  }
}

/** Starts an Intake that dispatches and works on nothing. */
async function redisOf(place: Place) {
  if (!place.redisUrl) return {};
  const side = await openIntake({
    ...place,
    concurrency: 0,
    onStart: () => undefined,
    onEnd: () => undefined,
  });
  const core = new Core(place.databaseUrl);
  const redis = new Redis(place.redisUrl);
  try {
    await eventually(() => isFull(core, redis), { timeoutMs: 120_000, everyMs: 500 });
    const keys = await redis.keys('*');
    const sizes = await Promise.all(keys.map((key) => redis.call('MEMORY', 'USAGE', key, 'SAMPLES', '0')));
    const bytes = sizes.reduce<number>((sum, size) => sum + Number(size), 0);
    const dataset = Number(/^used_memory_dataset:(\d+)/m.exec(await redis.info('memory'))?.[1]);
    return { 'redis, keys': keys.length, 'redis, bytes of keys': bytes, 'redis, dataset': dataset };
  } finally {
    redis.disconnect();
    await core.close();
    await side.close();
  }
}

async function isFull(core: Core, redis: Redis): Promise<boolean> {
  const [row] = await core.database.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM tasks WHERE queue = $1 AND status = 'queued'`,
    QUEUE,
  );
  const [prioritized] = await redis.keys('*:prioritized');
  return row?.count === WINDOW && prioritized !== undefined && (await redis.zcard(prioritized)) === WINDOW;
}

function rounded(numbers: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [name, Math.round(value * 10) / 10]),
  );
}
