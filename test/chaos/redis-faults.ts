import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import { REDIS, type Fault } from './fault.js';
import { RedisInParts, SingleRedis } from './redis-place.js';
import type { ChaosStack } from './stack.js';

const DISPATCHED_AGAIN = `
SELECT count(*)::int AS n FROM task_events WHERE kind = 'redispatched' AND at >= $1::timestamptz`;

/** Left where it was when Redis went away, or accepted since and given up by whoever had it to publish. */
const UNPUBLISHED = `
SELECT FROM tasks WHERE status = 'queued' AND queued_at < now() - interval '5 seconds' LIMIT 1`;

export const REDIS_FAULTS: readonly Fault[] = [
  {
    name: 'redis-crashed',
    what: 'SIGKILL of a Redis that keeps nothing; an empty one starts',
    transports: REDIS,
    inject: (stack) => redis(stack).kill(),
    heal: (stack) => redis(stack).restart(),
    sparesInnocents: true,
  },
  {
    name: 'redis-flushed',
    what: 'FLUSHALL',
    transports: REDIS,
    inject: async (stack) => void (await redis(stack).flush()),
    sparesInnocents: true,
  },
  {
    name: 'redis-clients-killed',
    what: 'CLIENT KILL of everybody, five times a second apart',
    transports: REDIS,
    inject: async (stack) => {
      for (let time = 0; time < 5; time += 1)
        await redis(stack)
          .killClients()
          .then(() => delay(1_000));
    },
    sparesInnocents: true,
  },
  {
    name: 'redis-down',
    what: 'no Redis for a minute (15 s in CI) while the API accepts; an empty one starts',
    transports: REDIS,
    inject: async (stack, { last }) => {
      await redis(stack).kill();
      await last(60);
      const waits = async () => (await stack.database.query(UNPUBLISHED)).length > 0;
      await eventually(waits, { timeoutMs: 60_000 });
    },
    heal: (stack) => redis(stack).restart(),
    traces: DISPATCHED_AGAIN,
    sparesInnocents: true,
  },
  {
    name: 'redis-half-open',
    what: 'a wire to Redis that carries nothing and hangs up on nobody, then carries again',
    transports: REDIS,
    inject: async (stack, { last }) => {
      redis(stack).wire.cut();
      await last(25);
    },
    heal: async (stack) => redis(stack).wire.mend(),
    sparesInnocents: true,
  },
  {
    name: 'redis-stale-replica',
    what: 'a replica that stopped following five seconds ago takes the place of Redis',
    transports: REDIS,
    inject: async (stack) => {
      await redis(stack).startReplica();
      await redis(stack).abandonReplica();
      await delay(5_000);
    },
    heal: (stack) => redis(stack).promoteReplica(),
    sparesInnocents: true,
  },
  {
    name: 'sentinel-failover',
    what: 'the master that sentinels watch dies; its replica takes over',
    transports: REDIS,
    topology: 'sentinels',
    inject: loseMaster,
    sparesInnocents: true,
  },
  {
    name: 'cluster-master-lost',
    what: 'the master of a cluster that holds the queue dies; its replica takes over',
    transports: REDIS,
    topology: 'cluster',
    inject: loseMaster,
    sparesInnocents: true,
  },
];

function redis({ redis: place }: ChaosStack): SingleRedis {
  if (place instanceof SingleRedis) return place;
  throw new Error('this stack has no Redis of its own alone');
}

async function loseMaster({ redis: place }: ChaosStack): Promise<void> {
  if (!(place instanceof RedisInParts)) throw new Error('this stack has no Redis in parts');
  await place.loseMaster();
}
