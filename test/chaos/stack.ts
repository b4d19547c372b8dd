import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedPostgres } from '../../src/database/embedded-postgres.js';
import { migrate } from '../../src/database/migrator.js';
import { IntakeProcess } from '../support/processes.js';
import { Reaper } from '../support/reaper.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';
import type { TransportKind } from '../support/stack.js';

type Variables = Readonly<Record<string, string>>;

/** Everything that a deployment stands on, of its own, so that any part of it can be killed. */
export class ChaosStack {
  api!: IntakeProcess;
  url = '';
  private readonly workers: IntakeProcess[] = [];
  private readonly reaper = new Reaper();
  private redis: RedisServer | null = null;
  private postgres!: EmbeddedPostgres;
  private variables: Variables = {};

  private constructor(
    private readonly transport: TransportKind,
    private readonly folder: string,
  ) {}

  static async start(transport: TransportKind, workers: number): Promise<ChaosStack> {
    const folder = mkdtempSync(join(tmpdir(), 'intake-chaos-'));
    // Root's Postgres runs as another user, who must be able to enter.
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, 'redis'));
    const stack = new ChaosStack(transport, folder);
    stack.reaper.watch({ folder });
    try {
      await stack.open(workers);
    } catch (error) {
      await stack.stop();
      throw error;
    }
    return stack;
  }

  worker(place: number): IntakeProcess {
    const worker = this.workers[place];
    if (!worker) throw new Error(`no worker was started in place ${place}`);
    return worker;
  }

  /** What the processes said last, for the text of a failure. */
  output(): string {
    const processes = [this.api, ...this.workers];
    return processes.map(({ name, output }) => `--- ${name}\n${output.slice(-3_000)}`).join('\n');
  }

  get databaseUrl(): string {
    return this.postgres.url;
  }

  async startPostgres(): Promise<void> {
    const options = { dataDir: join(this.folder, 'postgres'), durable: true, log: () => undefined };
    this.postgres = await EmbeddedPostgres.start(options);
    this.reaper.watch({ pid: this.postgres.pid });
  }

  killPostgres(): void {
    process.kill(this.postgres.pid, 'SIGKILL');
  }

  /** Stops every process of the server where it stands, or lets them go on. */
  freezePostgres(signal: 'SIGSTOP' | 'SIGCONT'): void {
    const { pid } = this.postgres;
    const family = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number));
    const children = family.filter(([, parent]) => parent === pid).map(([child = 0]) => child);
    for (const target of [pid, ...children]) process.kill(target, signal);
  }

  /** Ends Redis at once and brings back an empty one. */
  async replaceRedis(): Promise<void> {
    await this.redis?.kill();
    await this.startRedis();
  }

  async startApi(): Promise<void> {
    const port = this.url ? new URL(this.url).port : '0';
    const api = await IntakeProcess.start('api', { ...this.variables, API_PORT: port });
    this.api = api;
    this.url = (api.ready as { listening: string }).listening;
  }

  /** A worker in the place of an earlier one, or in a place of its own. */
  async startWorker(place: number): Promise<void> {
    this.workers[place] = await IntakeProcess.start('worker', this.variables);
  }

  async stop(): Promise<void> {
    const processes = [this.api, ...this.workers].filter(Boolean);
    await Promise.all(processes.map((process) => process.kill('SIGKILL')));
    await this.redis?.kill();
    await this.reaper.reap();
  }

  private async open(workers: number): Promise<void> {
    await Promise.all([this.startPostgres(), this.transport === 'redis' ? this.startRedis() : undefined]);
    await migrate(this.postgres.url, 'prisma/migrations', () => {});
    this.variables = {
      DATABASE_URL: this.postgres.url,
      AUTH_MODE: 'disabled',
      API_PORT: '0',
      WORKER_HEALTH_PORT: '0',
      LOG_LEVEL: 'warn',
      SHUTDOWN_TIMEOUT: '5',
      INTAKE_DATA_DIR: this.folder,
      ...(this.redis ? { REDIS_URL: this.redis.url } : {}),
    };
    await this.startApi();
    for (let place = 0; place < workers; place += 1) await this.startWorker(place);
  }

  private async startRedis(): Promise<void> {
    const port = this.redis ? Number(new URL(this.redis.url).port) : undefined;
    this.redis = await startRedis({ folder: join(this.folder, 'redis'), port });
  }
}
