import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { guardedPool } from './guarded-pool.js';
import { HeardClient } from './heard-client.js';

/** AuthenticationOk, ReadyForQuery and, in the same packet, the last words of a server that dies. */
const WELCOME = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);
const FATAL = 'SFATAL\0C57P01\0Mterminating connection due to unexpected postmaster exit\0\0';
const LAST_WORDS = Buffer.concat([Buffer.from([0x45, 0, 0, 0, FATAL.length + 4]), Buffer.from(FATAL)]);

describe('a client of a Postgres that dies while it welcomes', () => {
  let server: Server;
  let options: { host: string; port: number; user: string; database: string };

  beforeEach(async () => {
    server = createServer((socket) => {
      socket.once('data', () => socket.end(Buffer.concat([WELCOME, LAST_WORDS])));
      socket.on('error', () => undefined);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    options = { host: '127.0.0.1', port, user: 'nobody', database: 'nothing' };
  });

  afterEach(() => void server.close());

  it('is lost to whoever asks it next, and ends no process', async () => {
    const client = new HeardClient(options);
    await client.connect();
    await expect(client.query('SELECT 1')).rejects.toThrow();
  });

  it('out of a pool as well', async () => {
    const pool = guardedPool(options);
    pool.on('error', () => undefined);
    const client = await pool.connect();
    await expect(client.query('SELECT 1')).rejects.toThrow();
    client.release(true);
    await pool.end();
  });
});
