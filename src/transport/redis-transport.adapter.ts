import { once } from 'node:events';
import type { Queue } from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import type { RedisConfig } from '../config/config.js';
import { BullTransport, type BullSurroundings } from './bull-transport.js';
import type { Presence, TransportMemory } from './transport.js';

/** Must outlast BullMQ's blocking fetch of 5 s, which shares these options. */
const SILENCE_MS = 8_000;

/** BullMQ on Redis 6.2+ or Valkey: one connection for everything, and one per lane for its blocking fetch. */
export class RedisTransport extends BullTransport {
  readonly connection: Redis;
  private isDown = false;
  private coming?: Promise<unknown>;

  constructor(redis: RedisConfig, surroundings: BullSurroundings) {
    super(surroundings);
    this.connection = connect(redis);
    this.connection.on('error', (error: Error) => this.errors.note(error));
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
    const [info, keys] = await Promise.all([this.connection.info('memory'), this.connection.dbsize()]);
    return { kind: 'redis', memoryBytes: Number(/^used_memory:(\d+)/m.exec(info)?.[1] ?? 0), keys };
  }

  protected ping(): Promise<unknown> {
    return this.connection.ping();
  }

  protected async disconnect(): Promise<void> {
    this.connection.disconnect();
  }
}

function toPresence(state: string): Presence {
  if (state === 'active' || state === 'unknown') return state;
  return state === 'completed' || state === 'failed' ? 'unknown' : 'waiting';
}

function connect({ url, host, port, db, username, password, tls }: RedisConfig): Redis {
  const options: RedisOptions = {
    connectionName: 'intake',
    connectTimeout: 3_000,
    socketTimeout: SILENCE_MS,
    keepAlive: 10_000,
    // Workers wait for Redis for ever; publishers ask `ready` first.
    maxRetriesPerRequest: null,
    retryStrategy: (attempt) => Math.min(50 * 2 ** attempt, 2_000),
    // A demoted primary still answers: come back through the name, and to the new one.
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
  };
  if (url) return new Redis(url, options);
  return new Redis({ ...options, host, port, db, username, password, ...(tls ? { tls: {} } : {}) });
}
