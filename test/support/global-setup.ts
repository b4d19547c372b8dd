import { chmodSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { EmbeddedPostgres } from '../../src/database/embedded-postgres.js';
import { migrate } from '../../src/database/migrator.js';
import { Reaper } from './reaper.js';
import { redisProgram, startRedis } from './redis-server.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The maintenance database of the run's Postgres. */
    postgresUrl: string;
    /** A database with our migrations applied, for `CREATE DATABASE ... TEMPLATE`. */
    templateDatabase: string;
    /** `null` when this machine has no Redis. */
    redisUrl: string | null;
  }
}

interface Servers {
  postgresUrl: string;
  redisUrl: string | null;
  reaper: Reaper;
  users: number;
}

const TEMPLATE_DATABASE = 'intake';

/** The projects of one run load this file each for themselves; the servers they share hang on the process. */
const shared = globalThis as { intakeTestServers?: Promise<Servers> };

/** One Postgres (without fsync) and one Redis for the whole run, in a temporary folder, gone with the run. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.intakeTestServers ??= startServers();
  const servers = await shared.intakeTestServers;
  servers.users += 1;
  project.provide('postgresUrl', servers.postgresUrl);
  project.provide('templateDatabase', TEMPLATE_DATABASE);
  project.provide('redisUrl', servers.redisUrl);
  return async () => {
    servers.users -= 1;
    if (servers.users > 0) return;
    delete shared.intakeTestServers;
    await servers.reaper.reap();
  };
}

async function startServers(): Promise<Servers> {
  const folder = mkdtempSync(join(tmpdir(), 'intake-test-'));
  // Root's Postgres runs as another user, who must be able to enter.
  chmodSync(folder, 0o755);
  const reaper = new Reaper();
  reaper.watch({ folder });
  try {
    const postgresUrl = await startPostgres(folder, reaper);
    const redisUrl = await startRedisIn(folder);
    return { postgresUrl, redisUrl, reaper, users: 0 };
  } catch (error) {
    await reaper.reap();
    throw error;
  }
}

async function startPostgres(folder: string, reaper: Reaper): Promise<string> {
  const dataDir = join(folder, 'intake');
  const server = await EmbeddedPostgres.start({ dataDir, durable: false, log: console.warn });
  reaper.watch({ pid: server.pid });
  await migrate(server.url, 'prisma/migrations', () => {});
  const maintenance = new URL(server.url);
  maintenance.pathname = '/postgres';
  return maintenance.href;
}

async function startRedisIn(folder: string): Promise<string | null> {
  if (!redisProgram()) return null;
  const redisFolder = join(folder, 'redis');
  mkdirSync(redisFolder);
  return (await startRedis({ folder: redisFolder })).url;
}
