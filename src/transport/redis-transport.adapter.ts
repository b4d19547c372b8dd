import { once } from 'node:events';
import type { Queue } from 'bullmq';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { Address, RedisConfig } from '../config/redis-settings.js';
import { BullTransport, type BullSurroundings } from './bull-transport.js';
import type { Presence, TransportMemory } from './transport.js';

/** Must outlast BullMQ's blocking fetch of 5 s, which shares these options. */
const SILENCE_MS = 8_000;

/** BullMQ on Redis 6.2+ or Valkey: one connection for everything, and one per lane for its blocking fetch. */
export class RedisTransport extends BullTransport {
  readonly connection: Redis | Cluster;
  private isDown = false;
  private coming?: Promise<unknown>;

  constructor(redis: RedisConfig, surroundings: BullSurroundings) {
    super(surroundings);
    this.connection = heard(connect(redis), (error) => this.errors.note(error));
    this.connection.on('close', () => (this.isDown = true));
    this.connection.on('ready', () => (this.isDown = false));
  }

  protected async ready(): Promise<void> {
    if (this.connection.status === 'ready') return;
    if (this.isDown) throw new Error('Redis is down');
    this.coming ??= once(this.connection, 'ready').finally(() => (this.coming = undefined));
    await this.coming;
  }

  /** One pipeline: the commands of one turn of the event loop leave together. */
  protected presence(queue: Queue, keys: readonly string[]): Promise<[string, Presence][]> {
    return Promise.all(
      keys.map(async (key): Promise<[string, Presence]> => [key, toPresence(await queue.getJobState(key))]),
    );
  }

  protected async readMemory(): Promise<TransportMemory> {
    const parts = await Promise.all(
      this.servers().map(async (server) => {
        const [info, keys] = await Promise.all([server.info('memory'), server.dbsize()]);
        return { bytes: Number(/^used_memory:(\d+)/m.exec(info)?.[1] ?? 0), keys };
      }),
    );
    const sum = (of: 'bytes' | 'keys') => parts.reduce((total, part) => total + part[of], 0);
    return { kind: 'redis', memoryBytes: sum('bytes'), keys: sum('keys') };
  }

  protected ping(): Promise<unknown> {
    return Promise.all(this.servers().map((server) => server.ping()));
  }

  protected async disconnect(): Promise<void> {
    this.connection.disconnect();
  }

  /** Whoever holds a part of the keys. */
  private servers(): Redis[] {
    return this.connection instanceof Cluster ? this.connection.nodes('master') : [this.connection];
  }
}

function toPresence(state: string): Presence {
  if (state === 'active' || state === 'unknown') return state;
  return state === 'completed' || state === 'failed' ? 'unknown' : 'waiting';
}

/** BullMQ makes more connections of ours, and stops listening to them before they are gone. */
function heard<Connection extends Redis | Cluster>(
  connection: Connection,
  note: (error: Error) => void,
): Connection {
  const duplicate = connection.duplicate.bind(connection) as (...options: never[]) => Connection;
  connection.on('error', note);
  return Object.assign(connection, {
    duplicate: (...options: never[]) => heard(duplicate(...options), note),
  });
}

function connect(redis: RedisConfig): Redis | Cluster {
  const { url, host, port, db, username, password, cluster, sentinels, tls } = redis;
  const options: RedisOptions = {
    connectionName: 'intake',
    connectTimeout: 3_000,
    socketTimeout: SILENCE_MS,
    keepAlive: 10_000,
    // Workers wait for Redis for ever; publishers ask `ready` first.
    maxRetriesPerRequest: null,
    username,
    password,
    ...(tls ? { tls } : {}),
  };
  if (cluster) return connectCluster(cluster, options);
  const single: RedisOptions = {
    ...options,
    db,
    retryStrategy: comeBack,
    // A demoted primary still answers: come back through the name, and to the new one.
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
  };
  if (url) return new Redis(url, single);
  if (!sentinels) return new Redis({ ...single, host, port });
  return new Redis({
    ...single,
    sentinels: [...sentinels.addresses],
    name: sentinels.name,
    sentinelRetryStrategy: comeBack,
    ...(tls ? { enableTLSForSentinelMode: true, sentinelTLS: tls } : {}),
  });
}

function connectCluster(nodes: readonly Address[], options: RedisOptions): Cluster {
  return new Cluster([...nodes], {
    redisOptions: options,
    clusterRetryStrategy: comeBack,
    // A certificate is for the name that was given, which a lookup would take away.
    ...(options.tls ? { dnsLookup: (address, done) => done(null, address) } : {}),
  });
}

const comeBack = (attempt: number) => Math.min(50 * 2 ** attempt, 2_000);
