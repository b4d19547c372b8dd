import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Transport } from '../../src/transport/transport.js';
import { startRedisCluster, startRedisSentinels } from '../support/redis-topologies.js';
import { eventually, redisUrl, transports } from '../support/stack.js';
import { openTransport, type Environment } from './transport-app.js';
import { entry, keyOf } from './transport-kit.js';

const DATABASE_URL = 'postgresql://nobody@127.0.0.1:1/none';
/** Of a cluster's three masters, these two are in the hands of different ones. */
const QUEUES = ['documents', 'images'];
const FAILOVER = { timeoutMs: 40_000, everyMs: 200 };

describe.runIf(transports().includes('redis'))('the transport on Redis', () => {
  let folder: string;
  const open: Array<() => unknown> = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'intake-topology-'));
  });

  afterEach(async () => {
    for (const close of open.splice(0).toReversed()) await close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(environment: Environment): Promise<Transport> {
    const app = await openTransport({ DATABASE_URL, ...environment });
    open.push(() => app.close());
    return app.transport;
  }

  /** Every kind of call once, for both queues. @returns how many deliveries came so far */
  async function tryAll(transport: Transport): Promise<() => number> {
    for (const queue of QUEUES) {
      const [kept, removed] = [entry(), entry()];
      await transport.publish(queue, [kept, removed]);
      await transport.remove(queue, [keyOf(removed)]);
      expect([...(await transport.known(queue, [kept, removed].map(keyOf)))]).toEqual([
        [keyOf(kept), 'waiting'],
        [keyOf(removed), 'unknown'],
      ]);
      expect(await transport.stats(queue)).toEqual({ waiting: 1, active: 0 });
      expect(await transport.incarnation(queue)).toBeNull();
      await transport.mark(queue, `mark of ${queue}`);
    }
    expect(await Promise.all(QUEUES.map((queue) => transport.incarnation(queue)))).toEqual(
      QUEUES.map((queue) => `mark of ${queue}`),
    );
    const { kind, keys } = await transport.memory();
    expect([kind, keys >= 2 * QUEUES.length]).toEqual(['redis', true]);
    const got: string[] = [];
    const lanes = QUEUES.map((queue) => ({ queue, concurrency: 2 }));
    await transport.serve(lanes, async ({ queue }) => void got.push(queue));
    await eventually(() => got.length === QUEUES.length);
    expect(got.toSorted()).toEqual(QUEUES.toSorted());
    await transport.health();
    return () => got.length;
  }

  /** Entries of both queues find their way again. */
  async function comesBack(transport: Transport, got: () => number): Promise<void> {
    const before = got();
    for (const queue of QUEUES) {
      await eventually(() => transport.publish(queue, [entry()]).then(() => true), FAILOVER);
    }
    await eventually(() => got() >= before + QUEUES.length, FAILOVER);
    await eventually(() => transport.health().then(() => true), FAILOVER);
  }

  it('Cluster: all of a queue lies on one master, and its death is outlived', async () => {
    const cluster = await startRedisCluster({ folder, replicas: true });
    open.push(() => cluster.kill());
    const masters = await Promise.all(QUEUES.map((queue) => cluster.masterOf(queue)));
    expect(masters[0].port).not.toBe(masters[1].port);
    const transport = await start({ REDIS_CLUSTER_NODES: cluster.nodes });
    const got = await tryAll(transport);
    await masters[0].kill();
    await comesBack(transport, got);
  });

  it('Sentinel: the master is found through them, and its successor too', async () => {
    const watched = await startRedisSentinels({ folder });
    open.push(() => watched.kill());
    const transport = await start({
      REDIS_SENTINELS: watched.sentinels,
      REDIS_SENTINEL_NAME: watched.name,
    });
    const got = await tryAll(transport);
    await (await watched.master()).kill();
    await comesBack(transport, got);
  });

  it.runIf(spawnSync('openssl', ['version']).status === 0)(
    'TLS: with an authority and a certificate of our own, and not without',
    async () => {
      const files = makeCertificates(folder);
      const server = new URL(await redisUrl());
      const port = await tlsInFrontOf(Number(server.port), files, (close) => open.push(close));
      const url = `rediss://127.0.0.1:${port}${server.pathname}`;
      await tryAll(
        await start({
          REDIS_URL: url,
          REDIS_TLS_CA_FILE: files.ca,
          REDIS_TLS_CERT_FILE: files.cert,
          REDIS_TLS_KEY_FILE: files.key,
        }),
      );
      const stranger = await start({ REDIS_URL: url, REDIS_TLS_CA_FILE: files.ca });
      await expect(stranger.stats('documents')).rejects.toMatchObject({ code: 'transport.unavailable' });
    },
  );
});

/** An authority that signs itself and, for both sides of the connection, one certificate. */
function makeCertificates(folder: string) {
  const file = (name: string) => join(folder, name);
  const openssl = (...options: string[]) => execFileSync('openssl', options, { stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-subj',
    '/CN=authority',
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
  );
  const own = ['-subj', '/CN=intake', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const signed = ['-CA', file('ca.pem'), '-CAkey', file('ca.key')];
  openssl('req', '-x509', ...key, ...own, ...signed, '-keyout', file('own.key'), '-out', file('own.pem'));
  return { ca: file('ca.pem'), cert: file('own.pem'), key: file('own.key') };
}

/** What a Redis with `tls-auth-clients yes` does, in front of one without. @returns its port */
async function tlsInFrontOf(
  port: number,
  files: ReturnType<typeof makeCertificates>,
  atEnd: (close: () => void) => void,
): Promise<number> {
  const [ca, cert, key] = [files.ca, files.cert, files.key].map((file) => readFileSync(file));
  const server = createServer({ ca, cert, key, requestCert: true, rejectUnauthorized: true });
  const sockets = new Set<TLSSocket>();
  server.on('secureConnection', (near) => {
    sockets.add(near);
    const far = connect(port, '127.0.0.1');
    near.on('error', () => far.destroy()).on('close', () => far.destroy());
    far.on('error', () => near.destroy()).on('close', () => near.destroy());
    near.pipe(far).pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
