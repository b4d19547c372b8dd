import { readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, type DatabaseError } from 'pg';
import type { Cluster } from './embedded-postgres-cluster.js';
import { EmbeddedPostgresFault } from './embedded-postgres-fault.js';
import type { Log } from './embedded-postgres-home.js';
import { commandLine, isAlive } from './embedded-postgres-process.js';

export interface RunningServer {
  pid: number;
  port: number;
}

/** What the lock file of Postgres and one connection tell about the server of a data folder. */
type Sighting = { state: 'stopped' } | ({ state: 'ready' | 'busy' | 'silent' } & RunningServer);

const START_TIMEOUT_MS = 120_000;
/** After a crash Postgres replays its log before it answers: long, but not for ever. */
const RECOVERY_TIMEOUT_MS = 600_000;
/** A live server answers a connection, if only with "starting up", long before this. */
const SILENCE_MS = 6_000;
const DATABASE = 'intake';

/** The server of one cluster, seen from outside: found, started, adopted, replaced, stopped. */
export class Server {
  private readonly lockFile: string;

  constructor(
    private readonly cluster: Cluster,
    private readonly log: Log,
  ) {
    this.lockFile = join(cluster.data, 'postmaster.pid');
  }

  /** Brings the server to readiness, whatever an earlier run or a second starter left or does. */
  async start(): Promise<RunningServer & { adopted: boolean }> {
    const begunMs = performance.now();
    let silentSinceMs: number | null = null;
    let launched = false;
    for (;;) {
      const seen = await this.look();
      if (seen.state === 'ready') return { pid: seen.pid, port: seen.port, adopted: !launched };

      const nowMs = performance.now();
      const limitMs = seen.state === 'busy' ? RECOVERY_TIMEOUT_MS : START_TIMEOUT_MS;
      if (nowMs - begunMs > limitMs)
        throw this.cluster.explain('Postgres did not start', `it is ${seen.state}`);

      silentSinceMs = seen.state === 'silent' ? (silentSinceMs ?? nowMs) : null;
      if (seen.state === 'stopped') launched = (await this.launch()) || launched;
      else if (silentSinceMs !== null && nowMs - silentSinceMs > SILENCE_MS) await this.replace(seen.pid);
      else await delay(100);
    }
  }

  async stop(): Promise<void> {
    const { pid } = await this.readLockFile();
    if (!isAlive(pid) || !(await this.isOurs(pid))) return;
    if (!(await this.cluster.halt('fast', 30)) || !(await hasGone(pid))) await this.kill(pid);
  }

  /** @returns the URL of Intake's own database, made when missing */
  async openDatabase(port: number): Promise<string> {
    const client = await this.connect(port);
    try {
      const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
      if (found.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
    } catch (error) {
      // Two starters at once: the other one has made it.
      if (!['42P04', '23505'].includes((error as DatabaseError).code ?? '')) throw error;
    } finally {
      await client.end();
    }
    return this.cluster.urlOf(port, DATABASE);
  }

  /** Reads Postgres' lock file, then asks the server itself: a process id alone may have passed to a stranger. */
  private async look(): Promise<Sighting> {
    const { pid, port } = await this.readLockFile();
    if (!isAlive(pid)) return { state: 'stopped' };
    const state = await this.ask(port);
    if (state !== 'silent' || (await this.isOurs(pid))) return { state, pid, port };
    this.log(`Postgres' lock file named process ${pid}, which is no such server any more: removed it`);
    await rm(this.lockFile, { force: true });
    return { state: 'stopped' };
  }

  /**
   * Process 0 stands for none: it is never alive to us. A file that cannot be read counts as none: whoever starts beside
   * it is refused by Postgres, with the reason.
   */
  private async readLockFile(): Promise<RunningServer> {
    const lines = (await readFile(this.lockFile, 'utf8').catch(() => '')).split('\n');
    const [pid = 0, port = 0] = [lines[0], lines[3]].map((line) =>
      Math.max(0, Math.trunc(Number(line)) || 0),
    );
    return { pid, port };
  }

  private async ask(port: number): Promise<'ready' | 'busy' | 'silent'> {
    if (port === 0) return 'silent';
    try {
      const client = await this.connect(port);
      const { rows } = await client
        .query<{ data_directory: string }>('SHOW data_directory')
        .finally(() => void client.end());
      return resolve(rows[0]?.data_directory ?? '') === this.cluster.data ? 'ready' : 'silent';
    } catch (error) {
      const { code } = error as DatabaseError;
      if (code === '28P01' || code === '28000') {
        throw new EmbeddedPostgresFault(
          `The Postgres of ${this.cluster.data} refuses the password in server.json beside it. Restore that file, or start afresh with --clean.`,
        );
      }
      // 57P03: starting up, recovering or shutting down; 53300: all connections taken.
      return code === '57P03' || code === '53300' ? 'busy' : 'silent';
    }
  }

  /** @returns whether the server came up; `false` asks the caller to look again */
  private async launch(): Promise<boolean> {
    const { port } = this.cluster;
    const complaint = await this.cluster.launch();
    if (complaint === null) return true;
    if (/address already in use|could not bind/i.test(complaint)) {
      await this.cluster.chooseAnotherPort();
      this.log(
        `Port ${port} of the embedded Postgres is taken by another program: using ${this.cluster.port}`,
      );
      return false;
    }
    // The last processes of a killed server, or a second starter: both pass.
    if (/pre-existing shared memory block|lock file "postmaster.pid" already exists/.test(complaint))
      return false;
    if ((await this.look()).state !== 'stopped') return true;
    throw this.cluster.explain('Postgres did not start', complaint);
  }

  private async replace(pid: number): Promise<void> {
    this.log(
      `The Postgres of an earlier run (process ${pid}) does not answer: it is stopped and started again`,
    );
    if (!(await this.cluster.halt('immediate', 3))) await this.kill(pid);
  }

  /** Postgres repairs its data at the next start. */
  private async kill(pid: number): Promise<void> {
    if (!isAlive(pid) || !(await this.isOurs(pid))) return;
    process.kill(pid, 'SIGKILL');
    await hasGone(pid);
  }

  private async isOurs(pid: number): Promise<boolean> {
    const command = await commandLine(pid);
    return command === null || command.includes(this.cluster.data);
  }

  private async connect(port: number): Promise<Client> {
    const client = new Client({
      connectionString: this.cluster.urlOf(port, 'postgres'),
      connectionTimeoutMillis: 3_000,
      query_timeout: 30_000,
    });
    client.on('error', () => this.log('Postgres closed a connection while it was being looked at'));
    await client.connect();
    return client;
  }
}

/** The lock file goes a moment before the process. A zombie whom nobody buries counts as gone. */
async function hasGone(pid: number): Promise<boolean> {
  for (let tries = 0; isAlive(pid) && (await commandLine(pid)) !== ''; tries += 1) {
    if (tries === 100) return false;
    await delay(50);
  }
  return true;
}
