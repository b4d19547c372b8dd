import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { inject } from 'vitest';

export { eventually } from './eventually.js';

export type TransportKind = 'postgres' | 'redis';

export interface TestDatabase {
  url: string;
  /** Removes the database, whoever is still connected. */
  drop(): Promise<void>;
}

/** A database of one's own with every migration applied: a clone of the run's template, made in some 50 ms. */
export function freshDatabase(): Promise<TestDatabase> {
  return cloneDatabase(inject('templateDatabase'));
}

/** A database of one's own without any table. */
export function emptyDatabase(): Promise<TestDatabase> {
  return cloneDatabase('template0');
}

/** A logical database of one's own in the run's Redis: never handed out twice, so never to be cleaned. */
export async function redisUrl(): Promise<string> {
  const url = inject('redisUrl');
  if (!url) throw new Error('This run has no Redis: choose from transports()');
  const redis = new Redis(url);
  try {
    return `${url}/${await redis.incr('intake:test:databases')}`;
  } finally {
    redis.disconnect();
  }
}

/** The backends that this machine can test: always Postgres, and Redis where there is one. */
export function transports(): TransportKind[] {
  return inject('redisUrl') ? ['postgres', 'redis'] : ['postgres'];
}

async function cloneDatabase(template: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await maintain(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => maintain(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

async function maintain(sql: string): Promise<void> {
  const client = new Client({ connectionString: inject('postgresUrl') });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
