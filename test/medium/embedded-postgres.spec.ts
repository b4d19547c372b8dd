import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EmbeddedPostgresFault } from '../../src/database/embedded-postgres-fault.js';
import { EmbeddedPostgres } from '../../src/database/embedded-postgres.js';
import { eventually } from '../support/eventually.js';
import { Reaper } from '../support/reaper.js';

const asRoot = process.getuid?.() === 0;

describe('EmbeddedPostgres', () => {
  let dataDir: string;
  let lines: string[];
  let reaper: Reaper;

  // A killed test run must not leave these servers behind either.
  beforeAll(() => {
    reaper = new Reaper();
  });
  afterAll(() => reaper.reap());

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'intake-pg-'));
    chmodSync(dataDir, 0o755);
    reaper.watch({ folder: dataDir });
    lines = [];
  });

  afterEach(async () => {
    await EmbeddedPostgres.remove({ dataDir, log: () => {} }).catch(() => {});
    rmSync(dataDir, { recursive: true, force: true });
  });

  const start = async () => {
    const server = await EmbeddedPostgres.start({ dataDir, log: (line) => lines.push(line) });
    reaper.watch({ pid: server.pid });
    return server;
  };
  const lockFile = () => join(dataDir, 'postgres/data/postmaster.pid');

  it('keeps what was committed over a stop and a start, at the same address', async () => {
    const first = await start();
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    await eventually(() => !alive(first.pid));

    const begunMs = performance.now();
    const second = await start();
    expect(performance.now() - begunMs).toBeLessThan(5_000);
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('is durable and takes 200 connections', async () => {
    const { url } = await start();
    expect(await query(url, 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
    expect(await query(url, 'SHOW max_connections')).toEqual([{ max_connections: '200' }]);
  });

  it('repairs what a SIGKILL of the server left', async () => {
    const first = await start();
    await query(first.url, 'CREATE TABLE kept AS SELECT generate_series(1, 2000) AS n');
    process.kill(first.pid, 'SIGKILL');
    await eventually(() => !alive(first.pid));

    const second = await start();
    expect(second.adopted).toBe(false);
    expect(await query(second.url, 'SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 2000 }]);
  });

  it('adopts a healthy server that an earlier run left', async () => {
    const first = await start();
    const second = await start();
    expect(second).toMatchObject({ adopted: true, pid: first.pid, url: first.url });
  });

  it('replaces a server that is alive but answers nobody', async () => {
    const first = await start();
    process.kill(first.pid, 'SIGSTOP');
    const second = await start();
    expect(second.pid).not.toBe(first.pid);
    await eventually(() => !alive(first.pid));
    expect(lines.join('\n')).toContain('does not answer');
  });

  it('takes no stranger for its server when the process id was given to another program', async () => {
    const first = await start();
    await first.stop();
    writeFileSync(
      lockFile(),
      [process.pid, join(dataDir, 'postgres/data'), 1, 1, '', '127.0.0.1', ''].join('\n'),
    );
    const second = await start();
    expect(second.pid).not.toBe(process.pid);
    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('moves to another port when its own is taken, and says so', async () => {
    const first = await start();
    await first.stop();
    const { port } = new URL(first.url);
    const squatter = createServer().listen(Number(port), '127.0.0.1');
    await once(squatter, 'listening');
    const second = await start().finally(() => squatter.close());
    expect(new URL(second.url).port).not.toBe(port);
    expect(lines.join('\n')).toContain(`Port ${port}`);
  });

  it('lets two starters at once share one server', async () => {
    const [one, two] = await Promise.all([start(), start()]);
    expect(one.url).toBe(two.url);
    expect(one.pid).toBe(two.pid);
  });

  it('names a lost password file and its cure', async () => {
    const first = await start();
    await first.stop();
    rmSync(join(dataDir, 'postgres/server.json'));
    await expect(start()).rejects.toThrow(EmbeddedPostgresFault);
    await expect(start()).rejects.toThrow('--clean');
  });

  it('names a data folder that is a file', async () => {
    writeFileSync(join(dataDir, 'postgres'), '');
    await expect(start()).rejects.toThrow(EmbeddedPostgresFault);
  });

  it('names what a damaged cluster lacks, without a stack trace', async () => {
    const first = await start();
    await first.stop();
    rmSync(join(dataDir, 'postgres/data/global/pg_control'));
    await expect(start()).rejects.toThrow(/pg_control/);
  });

  it('stops twice without complaint', async () => {
    const server = await start();
    await server.stop();
    await server.stop();
    await eventually(() => !alive(server.pid));
  });

  it.runIf(asRoot)('puts the data elsewhere when its user cannot enter the data folder', async () => {
    chmodSync(dataDir, 0o700);
    const server = await start();
    const home = readFileSync(join(dataDir, 'postgres.location'), 'utf8').trim();
    expect(lines.join('\n')).toContain(home);
    expect(await query(server.url, 'SHOW data_directory')).toEqual([{ data_directory: join(home, 'data') }]);
    await server.stop();
    expect((await start()).url).toBe(server.url);

    await EmbeddedPostgres.remove({ dataDir, log: () => {} });
    expect(() => readFileSync(join(home, 'server.json'))).toThrow('ENOENT');
  });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
