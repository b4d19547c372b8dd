import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { EmbeddedPostgres } from '../../src/database/embedded-postgres.js';
import { migrate } from '../../src/database/migrator.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import type { Place } from './scenarios.js';

/** A Postgres that syncs and a Redis with an append-only file: what both sides run on. */
export class BenchServers {
  private constructor(
    private readonly folder: string,
    private readonly postgres: EmbeddedPostgres,
    private readonly redis: RedisServer | null,
  ) {}

  static async start(withRedis: boolean): Promise<BenchServers> {
    const folder = mkdtempSync(join(tmpdir(), 'intake-bench-'));
    // Root's Postgres runs as another user, who must be able to enter.
    chmodSync(folder, 0o755);
    const postgres = await EmbeddedPostgres.start({ dataDir: join(folder, 'intake'), log: console.warn });
    await migrate(postgres.url, 'prisma/migrations', () => {});
    const redisFolder = join(folder, 'redis');
    mkdirSync(redisFolder);
    return new BenchServers(
      folder,
      postgres,
      withRedis ? await startRedis({ folder: redisFolder, durable: true }) : null,
    );
  }

  /** Empty, for one run: a database of its own with all migrations, and a flushed Redis. */
  async freshPlace(onRedis: boolean): Promise<Place> {
    const url = new URL(this.postgres.url);
    const template = url.pathname.slice(1);
    url.pathname = `/bench_${randomBytes(4).toString('hex')}`;
    await this.maintain(`CREATE DATABASE ${url.pathname.slice(1)} TEMPLATE ${template}`);
    if (!this.redis || !onRedis) return { databaseUrl: url.href, redisUrl: null };
    const redis = new Redis(this.redis.url);
    await redis.flushall();
    redis.disconnect();
    return { databaseUrl: url.href, redisUrl: this.redis.url };
  }

  async dispose({ databaseUrl }: Place): Promise<void> {
    await this.maintain(`DROP DATABASE ${new URL(databaseUrl).pathname.slice(1)} WITH (FORCE)`);
    await this.maintain('CHECKPOINT');
  }

  /** A place for files, which goes with the servers. */
  folderFor(name: string): string {
    return join(this.folder, 'files', name);
  }

  async stop(): Promise<void> {
    await this.redis?.kill();
    await this.postgres.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async maintain(sql: string): Promise<void> {
    const url = new URL(this.postgres.url);
    url.pathname = '/postgres';
    const client = new Client(url.href);
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  }
}
