import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../../src/config/config.js';
import { EmbeddedPostgres } from '../../src/database/embedded-postgres.js';
import { Database } from '../../src/database/database.js';
import { migrate } from '../../src/database/migrator.js';
import { eventually } from '../support/eventually.js';
import { IntakeProcess } from '../support/processes.js';
import { Reaper } from '../support/reaper.js';
import { MARKS } from './chaos-tasks.js';
import { Callbacks } from './callbacks.js';
import { PostgresWire } from './postgres-wire.js';
import { startRedisPlace, type RedisPlace, type Topology } from './redis-place.js';

export type TransportName = 'redis' | 'postgres';
type Variables = Readonly<Record<string, string>>;

export interface StackOptions {
  transport: TransportName;
  topology?: Topology;
}

const WORKERS = 2;
const STORAGE_SIZE = '64m';
const BUILT = new URL('../support/built.mjs', import.meta.url).href;
const WRONG_CLOCK = new URL('wrong-clock.mjs', import.meta.url).href;
const ENTRY = fileURLToPath(new URL('process.child.ts', import.meta.url));

/** Everything that a deployment stands on, of its own, so that any part of it can be hurt. */
export class ChaosStack {
  api!: IntakeProcess;
  url = '';
  /** Whom it owes callbacks to. */
  callbacks!: Callbacks;
  /** `null` with the queue on Postgres. */
  redis: RedisPlace | null = null;
  wire!: PostgresWire;
  /** To look at what happened, past every wire. */
  database!: Database;
  readonly workers: IntakeProcess[] = [];
  private readonly extras: IntakeProcess[] = [];
  private readonly launched: IntakeProcess[] = [];
  private readonly reaper = new Reaper();
  private postgres!: EmbeddedPostgres;

  private constructor(
    readonly options: StackOptions,
    private readonly folder: string,
    /** Whether the storage is a small disk of its own, which can be filled. */
    readonly hasOwnDisk: boolean,
  ) {}

  static async start(options: StackOptions): Promise<ChaosStack> {
    const folder = mkdtempSync(join(tmpdir(), 'intake-chaos-'));
    // Root's Postgres runs as another user, who must be able to enter.
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, 'files'));
    const stack = new ChaosStack(options, folder, mountedDisk(join(folder, 'files')));
    if (stack.hasOwnDisk) stack.reaper.watch({ mount: stack.storageRoot });
    stack.reaper.watch({ folder });
    try {
      await stack.open();
    } catch (error) {
      await stack.stop();
      throw error;
    }
    return stack;
  }

  get storageRoot(): string {
    return join(this.folder, 'files');
  }

  /** What the processes said last, for the text of a failure. */
  output(): string {
    const processes = [this.api, ...this.workers].filter(Boolean);
    return processes.map(({ name, output }) => `--- ${name}\n${output.slice(-3_000)}`).join('\n');
  }

  /** What any process ever said with this text in it. */
  said(text: string): string[] {
    return this.launched.flatMap(({ output }) => output.split('\n').filter((line) => line.includes(text)));
  }

  /** As whom Postgres knows the sessions of a worker. */
  sessionsOf(worker: IntakeProcess): string {
    return workerName(this.workers.indexOf(worker));
  }

  async startPostgres(): Promise<void> {
    const options = { dataDir: join(this.folder, 'postgres'), durable: true, log: () => undefined };
    this.postgres = await EmbeddedPostgres.start(options);
    this.reaper.watch({ pid: this.postgres.pid });
  }

  /** Postgres' own "immediate shutdown": every session ends at once, the next start recovers. */
  async stopPostgresAtOnce(): Promise<void> {
    process.kill(this.postgres.pid, 'SIGQUIT');
    await this.postgresGone();
  }

  async killPostgres(): Promise<void> {
    this.signalPostgres('SIGKILL');
    await this.postgresGone();
  }

  /** To every process of the server, its first one before those that this one would start or end. */
  signalPostgres(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    const { pid } = this.postgres;
    const family = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number));
    const children = family.filter(([, parent]) => parent === pid).map(([child = 0]) => child);
    for (const target of [pid, ...children]) if (isAlive(target)) process.kill(target, signal);
  }

  private async postgresGone(): Promise<void> {
    const { pid } = this.postgres;
    await eventually(() => !isAlive(pid), { timeoutMs: 20_000 });
  }

  async startApi(): Promise<void> {
    const port = this.url ? new URL(this.url).port : '0';
    const api = await this.launch('api', { ...this.variables('chaos-api'), API_PORT: port });
    this.api = api;
    this.url = (api.ready as { listening: string }).listening;
  }

  /** A worker in the place of an earlier one, or in a place of its own. */
  async startWorker(place: number): Promise<void> {
    this.workers[place] = await this.launch('worker', this.variables(workerName(place)));
  }

  /** Those that ended without being killed. */
  deceased(): IntakeProcess[] {
    return [this.api, ...this.workers].filter(({ alive }) => !alive);
  }

  async restartDead(): Promise<void> {
    const dead = this.workers.flatMap(({ alive }, place) => (alive ? [] : [place]));
    await Promise.all([
      ...(this.api.alive ? [] : [this.startApi()]),
      ...dead.map((place) => this.startWorker(place)),
    ]);
  }

  /** One more process than usual, until {@link stopExtras}. @param clockShiftMs how wrong its clock is */
  async startExtra(name: 'api' | 'worker', clockShiftMs = 0): Promise<void> {
    const variables = { ...this.variables('chaos-extra'), CHAOS_CLOCK_SHIFT_MS: String(clockShiftMs) };
    this.extras.push(await this.launch(name, variables, clockShiftMs === 0 ? [] : ['--import', WRONG_CLOCK]));
  }

  async stopExtras(): Promise<void> {
    await Promise.all(this.extras.splice(0).map((process) => process.kill('SIGTERM')));
  }

  async stop(): Promise<void> {
    const processes = [this.api, ...this.workers, ...this.extras].filter(Boolean);
    await Promise.all(processes.map((process) => process.kill('SIGKILL')));
    await this.database?.client.$disconnect();
    await this.wire?.close();
    await this.callbacks?.stop();
    await this.redis?.stop();
    await this.reaper.reap();
  }

  private async open(): Promise<void> {
    const { transport, topology = 'single' } = this.options;
    const onRedis = transport === 'redis';
    const [redis] = await Promise.all([
      onRedis ? startRedisPlace(topology, join(this.folder, 'redis')) : null,
      this.startPostgres(),
    ]);
    this.redis = redis;
    this.callbacks = await Callbacks.start();
    await migrate(this.postgres.url, 'prisma/migrations', () => {});
    this.wire = await PostgresWire.to(Number(new URL(this.postgres.url).port));
    this.database = new Database(readConfig({ DATABASE_URL: this.postgres.url, AUTH_MODE: 'disabled' }));
    for (const statement of MARKS.split(';')) await this.database.query(statement);
    await this.startApi();
    await Promise.all(Array.from({ length: WORKERS }, (_, place) => this.startWorker(place)));
  }

  private variables(applicationName: string): Variables {
    const database = new URL(this.wire.through(this.postgres.url));
    database.searchParams.set('application_name', applicationName);
    return {
      DATABASE_URL: database.href,
      AUTH_MODE: 'disabled',
      API_PORT: '0',
      WORKER_HEALTH_PORT: '0',
      LOG_LEVEL: 'warn',
      SHUTDOWN_TIMEOUT: '5',
      INTAKE_SECRET_KEY: 'the secret key of a test deployment',
      TASK_BACKOFF_MS: '200',
      INTAKE_DATA_DIR: this.folder,
      ...this.redis?.variables,
    };
  }

  private async launch(name: 'api' | 'worker', variables: Variables, preload: string[] = []) {
    const program = { entry: ENTRY, args: [name], execArgv: [...preload, '--import', BUILT] };
    const launched = await IntakeProcess.start(name, variables, program);
    this.launched.push(launched);
    return launched;
  }
}

const workerName = (place: number) => `chaos-worker-${place}`;

/** Needs root, as on most CI machines; without it nothing can be filled up but this machine's own disk. */
function mountedDisk(folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${STORAGE_SIZE}`, 'tmpfs', folder], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
