import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach } from 'vitest';
import { newId } from '../../src/kernel/ids.js';
import { transportKey, type Transport, type TransportEntry } from '../../src/transport/transport.js';
import { eventually, type TransportKind } from '../support/stack.js';
import { openTransport, type Environment, type TransportApp } from './transport-app.js';
import { ownServer, sharedServer, type OwnServer } from './transport-servers.js';

export const QUEUE = 'documents';
export const UNAVAILABLE = { code: 'transport.unavailable' };

export const entry = (priority = 100): TransportEntry => ({
  taskId: newId(),
  epoch: 1,
  type: 'test.run',
  priority,
});
export const entries = (count: number) => Array.from({ length: count }, () => entry());
export const keyOf = ({ taskId, epoch }: Pick<TransportEntry, 'taskId' | 'epoch'>) =>
  transportKey(taskId, epoch);
export const keysOf = (list: readonly TransportEntry[]) => list.map(keyOf).toSorted();

/** Holds a delivery until the test lets it go. */
export function gate(): { open: () => void; opened: Promise<void> } {
  const holder = new EventEmitter();
  const opened = once(holder, 'open').then(() => undefined);
  return { open: () => void holder.emit('open'), opened };
}

/** Whether the transport says that it is down. */
export const isDown = (transport: Transport) =>
  transport.known(QUEUE, []).then(
    () => false,
    () => true,
  );

/** What a suite opens, and closes after each test. */
export function transportKit(kind: TransportKind) {
  let environment: Environment;
  let apps: TransportApp[];
  let children: ChildProcess[];
  let servers: OwnServer[];

  beforeEach(async () => {
    [apps, children, servers] = [[], [], []];
    environment = await sharedServer(kind);
  });

  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(apps.map((app) => app.close()));
    await Promise.all(servers.map((server) => server.dispose()));
  });

  async function openApp(where = environment): Promise<TransportApp> {
    const app = await openTransport(where);
    apps.push(app);
    return app;
  }

  return {
    environment: () => environment,
    openApp,
    open: async (where?: Environment) => (await openApp(where)).transport,

    async own(): Promise<OwnServer> {
      const server = await ownServer(kind);
      servers.push(server);
      return server;
    },

    async serveInChild(concurrency: number, hold = false) {
      const program = fileURLToPath(new URL('serving.child.ts', import.meta.url));
      const loader = fileURLToPath(new URL('../support/typescript.mjs', import.meta.url));
      const options = [JSON.stringify(environment), QUEUE, String(concurrency), hold ? 'hold' : ''];
      const child = spawn(process.execPath, ['--import', loader, program, ...options], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      children.push(child);
      const lines: string[] = [];
      createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
      await eventually(() => lines.includes('ready'), { timeoutMs: 20_000 });
      return { child, keys: () => lines.filter((line) => line !== 'ready') };
    },
  };
}
