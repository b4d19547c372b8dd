import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPostgresBackend, Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { EmbeddedPostgres } from '../../src/database/embedded-postgres.js';
import { startRedis } from '../support/redis-server.js';
import { eventually, freshDatabase, redisUrl, type TransportKind } from '../support/stack.js';
import { Wire } from '../support/wire.js';
import type { Environment } from './transport-app.js';

const NO_DATABASE = 'postgresql://nobody@127.0.0.1:1/none';

/** A place for a transport in the run's own servers. */
export async function sharedServer(kind: TransportKind): Promise<Environment> {
  return kind === 'redis'
    ? { REDIS_URL: await redisUrl(), DATABASE_URL: NO_DATABASE }
    : { DATABASE_URL: (await freshDatabase()).url };
}

/** Takes the transport's memory away, as FLUSHALL does. */
export async function forget(environment: Environment): Promise<void> {
  const { REDIS_URL: url } = environment;
  if (url) return void (await ask(url, (redis) => redis.flushdb()));
  await query(environment['DATABASE_URL'], 'TRUNCATE intake_transport.job, intake_transport.meta CASCADE');
}

/** Somebody pauses the queue with a tool of BullMQ: nothing reaches the lanes. */
export async function pauseElsewhere(
  environment: Environment,
  queue: string,
  isPaused: boolean,
): Promise<void> {
  const { REDIS_URL: url, DATABASE_URL: databaseUrl = '' } = environment;
  const bull = url
    ? new Queue(queue, { connection: { url }, prefix: `{intake:${queue}}` })
    : new Queue(
        queue,
        { connection: { connectionString: databaseUrl, schema: 'intake_transport' } },
        createPostgresBackend,
      );
  await (isPaused ? bull.pause() : bull.resume());
  await bull.close();
}

/** How many connections everybody together keeps to this place. */
export async function connectionsTo(environment: Environment): Promise<number> {
  const { REDIS_URL: url } = environment;
  if (url) {
    const [list, own] = await ask(url, async (redis) => [
      await redis.client('LIST'),
      await redis.client('INFO'),
    ]);
    const database = / db=\d+ /.exec(own)?.[0] ?? '';
    return String(list).split(database).length - 2;
  }
  const rows = await query(
    environment['DATABASE_URL'],
    'SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  );
  return Number(rows[0]?.['count']);
}

async function ask<T>(url: string, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url);
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}

async function query(url: string | undefined, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** A server of one's own, to be hurt, and the wire to it. */
export interface OwnServer {
  environment: Environment;
  wire: Wire;
  /** At once and without a goodbye; a Redis forgets everything. */
  kill(): Promise<void>;
  /** Again, on the same port. */
  start(): Promise<void>;
  /** Answers every request with an error, or as usual again. */
  refuse(isRefusing: boolean): Promise<void>;
  /** Errors answered so far. */
  refusals(): Promise<number>;
  dispose(): Promise<void>;
}

export async function ownServer(kind: TransportKind): Promise<OwnServer> {
  const folder = await mkdtemp(join(tmpdir(), 'intake-transport-'));
  // Root's Postgres runs as another user, who must be able to enter.
  await chmod(folder, 0o755);
  return kind === 'redis' ? ownRedis(folder) : ownPostgres(folder);
}

async function ownRedis(folder: string): Promise<OwnServer> {
  let server = await startRedis({ folder });
  const port = Number(new URL(server.url).port);
  const wire = await Wire.to(port);
  return {
    environment: { REDIS_URL: wire.through(server.url), DATABASE_URL: NO_DATABASE },
    wire,
    kill: () => server.kill(),
    start: async () => void (server = await startRedis({ folder, port })),
    refuse: async (isRefusing) =>
      void (await ask(server.url, (redis) => redis.config('SET', 'maxmemory', isRefusing ? '1' : '0'))),
    refusals: async () => {
      const counted = await ask(server.url, (redis) => redis.info('errorstats'));
      return Number(/errorstat_OOM:count=(\d+)/.exec(counted)?.[1] ?? 0);
    },
    dispose: async () => {
      await server.kill();
      await wire.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function ownPostgres(folder: string): Promise<OwnServer> {
  const options = { dataDir: folder, durable: false, log: () => {} };
  let server = await EmbeddedPostgres.start(options);
  const wire = await Wire.to(Number(new URL(server.url).port));
  return {
    environment: { DATABASE_URL: wire.through(server.url) },
    wire,
    kill: async () => {
      // SIGKILL would leave shared memory behind; this is Postgres' own "at once, and recover at the next start".
      process.kill(server.pid, 'SIGQUIT');
      await eventually(() => isGone(server.pid));
    },
    start: async () => void (server = await EmbeddedPostgres.start(options)),
    refuse: async (isRefusing) => {
      const [from, to] = isRefusing ? ['job', 'elsewhere'] : ['elsewhere', 'job'];
      await query(server.url, `ALTER TABLE intake_transport.${from} RENAME TO ${to}`);
    },
    refusals: async () => {
      const [row] = await query(
        server.url,
        'SELECT xact_rollback FROM pg_stat_database WHERE datname = current_database()',
      );
      return Number(row?.['xact_rollback']);
    },
    dispose: async () => {
      await server.stop();
      await wire.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}
