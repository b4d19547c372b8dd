import { describe, expect, it } from 'vitest';
import { ConfigFault, readConfig } from './config.js';

const BASE = { DATABASE_URL: 'postgresql://127.0.0.1/intake', AUTH_MODE: 'disabled' };
const redisOf = (variables: Record<string, string>) => readConfig({ ...BASE, ...variables }).redis;

function faultsOf(variables: Record<string, string>): readonly string[] {
  try {
    redisOf(variables);
    return [];
  } catch (error) {
    if (error instanceof ConfigFault) return error.faults;
    throw error;
  }
}

describe('the settings of Redis', () => {
  it('are none without a server: the queue runs on Postgres', () => {
    expect(redisOf({ REDIS_DB: '3' })).toBeNull();
  });

  it('name a cluster by some of its nodes, and sentinels with their master', () => {
    expect(redisOf({ REDIS_CLUSTER_NODES: 'a:7000, [::1]:7001,b' })?.cluster).toEqual([
      { host: 'a', port: 7_000 },
      { host: '::1', port: 7_001 },
      { host: 'b', port: 6_379 },
    ]);
    expect(redisOf({ REDIS_SENTINELS: 'a,b:1', REDIS_SENTINEL_NAME: 'main' })?.sentinels).toEqual({
      name: 'main',
      addresses: [
        { host: 'a', port: 26_379 },
        { host: 'b', port: 1 },
      ],
    });
  });

  it.each([
    [{ REDIS_PORT: '6380' }, 'REDIS_PORT'],
    [{ REDIS_PASSWORD: 'x' }, 'REDIS_PASSWORD'],
    [{ REDIS_URL: 'redis://a', REDIS_CLUSTER_NODES: 'a:1' }, 'REDIS_CLUSTER_NODES'],
    [{ REDIS_CLUSTER_NODES: 'a:1', REDIS_DB: '1' }, 'REDIS_DB'],
    [{ REDIS_CLUSTER_NODES: 'a:b' }, 'REDIS_CLUSTER_NODES'],
    [{ REDIS_SENTINELS: 'a:1' }, 'REDIS_SENTINEL_NAME'],
    [{ REDIS_SENTINEL_NAME: 'main' }, 'REDIS_SENTINEL_NAME'],
    [{ REDIS_URL: 'redis://a', REDIS_TLS_CA_FILE: '/none/ca.pem' }, 'REDIS_TLS_CA_FILE'],
    [{ REDIS_URL: 'redis://a', REDIS_TLS_CERT_FILE: import.meta.filename }, 'REDIS_TLS_CERT_FILE'],
  ])('%j are refused by name', (variables, name) => {
    const faults = faultsOf(variables);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(new RegExp(`^${name} `));
  });
});
