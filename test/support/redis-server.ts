import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { freePort } from '../../src/database/embedded-postgres-home.js';
import { eventually } from './eventually.js';
import { Reaper } from './reaper.js';

export interface RedisServer {
  url: string;
  port: number;
  pid: number;
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>;
}

let reaper: Reaper | undefined;

/** The program that `npm test` found or fetched, else the one on the path; `null` when this machine has none. */
export function redisProgram(): string | null {
  const program = process.env['INTAKE_TEST_REDIS'] || 'redis-server';
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0 ? program : null;
}

/**
 * Starts a real Redis on loopback, which ends with this process at the latest.
 * @param options.folder where it writes; with `durable` it keeps an append-only file there and survives a kill
 * @param options.port the port of an earlier one that is to return; a free one otherwise
 * @param options.settings more of its own options, as on its command line
 */
export async function startRedis(options: {
  folder: string;
  durable?: boolean;
  port?: number;
  settings?: readonly string[];
}): Promise<RedisServer> {
  const port = options.port ?? (await freePort());
  const own = [
    ['--port', String(port), '--bind', '127.0.0.1', '--dir', options.folder],
    ['--save', '', '--appendonly', options.durable ? 'yes' : 'no'],
    ['--maxmemory-policy', 'noeviction', '--databases', '4096', '--loglevel', 'warning'],
  ];
  return spawnRedis(port, [...own.flat(), ...(options.settings ?? [])]);
}

/** Runs the program with these options and waits until it answers on the port. */
export async function spawnRedis(port: number, options: readonly string[]): Promise<RedisServer> {
  const program = redisProgram();
  if (!program) throw new Error('There is no redis-server here: npm test says how to get it');
  const child = spawn(program, options, { stdio: 'ignore' });
  // It must not keep this process alive: the reaper ends it then.
  child.unref();
  reaper ??= new Reaper();
  if (child.pid) reaper.watch({ pid: child.pid });
  await eventually(() => child.exitCode !== null || answers(port), { timeoutMs: 15_000 });
  if (child.exitCode !== null)
    throw new Error(`redis-server ended with code ${child.exitCode} on port ${port}`);
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: child.pid ?? 0,
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.ref(); // whoever waits for its end must live to see it
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.setTimeout(1_000, () => socket.destroy());
    socket.on('data', (data) => {
      resolve(data.toString().startsWith('+PONG'));
      socket.destroy();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => resolve(false));
  });
}
