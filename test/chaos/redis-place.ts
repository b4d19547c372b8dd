import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { eventually } from '../support/eventually.js';
import { startRedisCluster, startRedisSentinels } from '../support/redis-topologies.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import { Wire } from '../support/wire.js';
import { ChaosWork } from './chaos-tasks.js';

export type Topology = 'single' | 'sentinels' | 'cluster';

/** Where a stack's Redis lives. */
export interface RedisPlace {
  readonly variables: Record<string, string>;
  stop(): Promise<void>;
}

export async function startRedisPlace(topology: Topology, folder: string): Promise<RedisPlace> {
  mkdirSync(folder);
  if (topology === 'single') return SingleRedis.start(folder);
  return topology === 'cluster' ? RedisInParts.clustered(folder) : RedisInParts.watched(folder);
}

/** Several servers of which one can be missed: a cluster, or a master and its replica that sentinels watch. */
export class RedisInParts implements RedisPlace {
  private constructor(
    readonly variables: Record<string, string>,
    private readonly master: () => Promise<RedisServer>,
    readonly stop: () => Promise<void>,
  ) {}

  static async clustered(folder: string): Promise<RedisInParts> {
    const cluster = await startRedisCluster({ folder, replicas: true });
    const variables = { REDIS_CLUSTER_NODES: cluster.nodes };
    return new RedisInParts(
      variables,
      () => cluster.masterOf(ChaosWork.queue),
      () => cluster.kill(),
    );
  }

  static async watched(folder: string): Promise<RedisInParts> {
    const watched = await startRedisSentinels({ folder });
    const variables = { REDIS_SENTINELS: watched.sentinels, REDIS_SENTINEL_NAME: watched.name };
    return new RedisInParts(
      variables,
      () => watched.master(),
      () => watched.kill(),
    );
  }

  /** Whoever is master of the chaos tasks' queue dies and stays dead; resolves when another is master. */
  async loseMaster(): Promise<void> {
    const lost = await this.master();
    await lost.kill();
    await eventually(async () => (await this.master()).port !== lost.port, {
      timeoutMs: 60_000,
      everyMs: 100,
    });
  }
}

/** A Redis of one's own behind a wire, and a replica of it when one is asked for. */
export class SingleRedis implements RedisPlace {
  private replica: RedisServer | null = null;

  private constructor(
    private readonly folder: string,
    private server: RedisServer,
    readonly wire: Wire,
  ) {}

  static async start(folder: string): Promise<SingleRedis> {
    const server = await startRedis({ folder });
    return new SingleRedis(folder, server, await Wire.to(server.port));
  }

  get variables(): Record<string, string> {
    return { REDIS_URL: this.wire.through(this.server.url) };
  }

  kill(): Promise<void> {
    return this.server.kill();
  }

  /** Again on the same port, and empty: it keeps nothing on disk. */
  async restart(): Promise<void> {
    this.server = await startRedis({ folder: this.folder, port: this.server.port });
  }

  flush(): Promise<unknown> {
    return this.ask((redis) => redis.flushall());
  }

  /** Hangs up on every client but the one that asks. */
  killClients(): Promise<unknown> {
    return this.ask((redis) => redis.call('CLIENT', 'KILL', 'TYPE', 'normal'));
  }

  /** A copy that follows, until {@link abandonReplica}. */
  async startReplica(): Promise<void> {
    const folder = join(this.folder, 'replica');
    mkdirSync(folder, { recursive: true });
    this.replica = await startRedis({ folder });
    await this.askReplica((redis) => redis.replicaof('127.0.0.1', this.server.port));
    await eventually(
      () =>
        this.askReplica(async (redis) => (await redis.info('replication')).includes('master_link_status:up')),
      { timeoutMs: 20_000 },
    );
  }

  /** From now on it learns nothing more. */
  abandonReplica(): Promise<unknown> {
    return this.askReplica((redis) => redis.call('REPLICAOF', 'NO', 'ONE'));
  }

  /** The server dies, and the copy takes its place with what it knew. */
  async promoteReplica(): Promise<void> {
    if (!this.replica) throw new Error('there is no replica');
    await this.server.kill();
    this.server = this.replica;
    this.replica = null;
    this.wire.lead(this.server.port);
  }

  async stop(): Promise<void> {
    await this.wire.close();
    await this.replica?.kill();
    await this.server.kill();
  }

  private ask<T>(question: (redis: Redis) => Promise<T>): Promise<T> {
    return asked(this.server.url, question);
  }

  private askReplica<T>(question: (redis: Redis) => Promise<T>): Promise<T> {
    return asked(this.replica?.url ?? '', question);
  }
}

async function asked<T>(url: string, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url);
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}
