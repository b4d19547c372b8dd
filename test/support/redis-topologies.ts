import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from '../../src/database/embedded-postgres-home.js';
import { eventually } from './eventually.js';
import { spawnRedis, startRedis, type RedisServer } from './redis-server.js';

const SLOTS = 16_384;
const MASTERS = 3;
/** Short enough that a failover takes a test some three seconds. */
const SILENCE_MS = 1_000;
/** A replica need not wait for others to be copied to with it. */
const AT_ONCE = ['--repl-diskless-sync-delay', '0'];

/** Three masters on loopback, each with a replica when asked for. */
export interface RedisCluster {
  /** For `REDIS_CLUSTER_NODES`. */
  nodes: string;
  servers: readonly RedisServer[];
  /** The master that holds everything of a queue now. */
  masterOf(queue: string): Promise<RedisServer>;
  kill(): Promise<void>;
}

/** A master, its replica and three sentinels that watch them, on loopback. */
export interface RedisSentinels {
  /** For `REDIS_SENTINELS`. */
  sentinels: string;
  /** For `REDIS_SENTINEL_NAME`. */
  name: string;
  /** The server that the sentinels call master now. */
  master(): Promise<RedisServer>;
  kill(): Promise<void>;
}

/** @param options.replicas gives each master one, so that the cluster survives a master's death by some three seconds */
export async function startRedisCluster(options: {
  folder: string;
  replicas?: boolean;
}): Promise<RedisCluster> {
  const wanted = options.replicas ? 2 * MASTERS : MASTERS;
  const nodes = await Promise.all(Array.from({ length: wanted }, () => startNode(options.folder)));
  const servers = nodes.map(({ server }) => server);
  const masters = servers.slice(0, MASTERS);
  for (const [at, master] of masters.entries()) {
    const [from, to] = [at, at + 1].map((share) => Math.ceil((share * SLOTS) / MASTERS));
    await ask(master, (redis) => redis.cluster('SET-CONFIG-EPOCH', at + 1));
    await ask(master, (redis) => redis.call('CLUSTER', 'ADDSLOTSRANGE', from, to - 1));
  }
  for (const { server, busPort } of nodes.slice(1)) {
    await ask(servers[0], (redis) => redis.call('CLUSTER', 'MEET', '127.0.0.1', server.port, busPort));
  }
  await eventually(async () => (await Promise.all(servers.map(seenBy))).every((count) => count === wanted));
  for (const [at, replica] of servers.slice(MASTERS).entries()) {
    const master = await ask(masters[at], (redis) => redis.cluster('MYID'));
    await ask(replica, (redis) => redis.cluster('REPLICATE', master));
  }
  const isUp = async (server: RedisServer) =>
    /cluster_state:ok/.test(await ask(server, (redis) => redis.cluster('INFO')));
  const isLinked = async (server: RedisServer) =>
    /master_link_status:up/.test(await ask(server, (redis) => redis.info('replication')));
  await eventually(
    async () =>
      (await Promise.all([...servers.map(isUp), ...servers.slice(MASTERS).map(isLinked)])).every(Boolean),
    { timeoutMs: 30_000 },
  );
  return {
    nodes: servers.map(({ port }) => `127.0.0.1:${port}`).join(),
    servers,
    masterOf: (queue) => masterOf(servers, queue),
    kill: async () => void (await Promise.all(servers.map((server) => server.kill()))),
  };
}

export async function startRedisSentinels({ folder }: { folder: string }): Promise<RedisSentinels> {
  const name = 'intake-test';
  const master = await startRedis({ folder, settings: AT_ONCE });
  const replica = await startRedis({
    folder,
    settings: ['--replicaof', '127.0.0.1', String(master.port), '--dbfilename', 'replica.rdb', ...AT_ONCE],
  });
  // Sentinels ask a master for its replicas at once, and then only every ten seconds.
  await eventually(async () =>
    /slave0:.*state=online/.test(await ask(master, (redis) => redis.info('replication'))),
  );
  const sentinels = await Promise.all([1, 2, 3].map(() => startSentinel(folder, name, master.port)));
  const knows = async (sentinel: RedisServer) => {
    const facts = (await ask(sentinel, (redis) => redis.call('SENTINEL', 'MASTER', name))) as string[];
    const fact = (key: string) => Number(facts[facts.indexOf(key) + 1]);
    return fact('num-slaves') === 1 && fact('num-other-sentinels') === 2;
  };
  await eventually(async () => (await Promise.all(sentinels.map(knows))).every(Boolean), {
    timeoutMs: 30_000,
  });
  const servers = [master, replica, ...sentinels];
  return {
    sentinels: sentinels.map(({ port }) => `127.0.0.1:${port}`).join(),
    name,
    master: async () => {
      const [, port] = (await ask(sentinels[0], (redis) =>
        redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name),
      )) as [string, string];
      return port === String(master.port) ? master : replica;
    },
    kill: async () => void (await Promise.all(servers.map((server) => server.kill()))),
  };
}

async function startNode(folder: string): Promise<{ server: RedisServer; busPort: number }> {
  const [port, busPort] = [await freePort(), await freePort()];
  const settings = [
    ['--cluster-enabled', 'yes', '--cluster-config-file', `nodes-${port}.conf`],
    ['--cluster-port', String(busPort), '--cluster-node-timeout', String(SILENCE_MS)],
    ['--dbfilename', `${port}.rdb`, ...AT_ONCE],
    // A replica may take over however long ago it heard its master: these hold hints, and a test is slow at times.
    ['--cluster-replica-validity-factor', '0'],
  ];
  const server = await startRedis({ folder, port, settings: settings.flat() });
  return { server, busPort };
}

async function startSentinel(folder: string, name: string, masterPort: number): Promise<RedisServer> {
  const port = await freePort();
  const file = join(folder, `sentinel-${port}.conf`);
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor ${name} 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds ${name} ${SILENCE_MS}`,
    `sentinel failover-timeout ${name} 5000`,
  ];
  writeFileSync(file, lines.join('\n'));
  return spawnRedis(port, [file, '--sentinel']);
}

/** How many nodes of the cluster this one has shaken hands with, itself included. */
async function seenBy(server: RedisServer): Promise<number> {
  const lines = String(await ask(server, (redis) => redis.cluster('NODES'))).trim();
  return lines.split('\n').filter((line) => !/handshake|noaddr/.test(line)).length;
}

/** Asks whoever lives; the dead have nothing to say. */
async function masterOf(servers: readonly RedisServer[], queue: string): Promise<RedisServer> {
  return eventually(
    async () => {
      for (const server of servers) {
        const found = await ask(server, async (redis) => {
          const slot = await redis.cluster('KEYSLOT', `{intake:${queue}}:meta`);
          const shares = await redis.cluster('SLOTS');
          return shares.find(([from, to]) => from <= slot && slot <= to)?.[2][1];
        }).catch(() => undefined);
        const master = servers.find(({ port }) => port === found);
        if (master) return master;
      }
      return null;
    },
    { timeoutMs: 30_000 },
  );
}

async function ask<T>(server: RedisServer, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(server.port, '127.0.0.1', { retryStrategy: () => null });
  redis.on('error', () => undefined);
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}
