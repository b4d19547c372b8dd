import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IntakeClient } from '../../src/client/intake-client.js';
import { freshDatabase, redisUrl, type TransportKind } from './stack.js';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
const NO_PACKETS = new URL('no-packets.mjs', import.meta.url).href;
const START_TIMEOUT_MS = 120_000;

type Variables = Readonly<Record<string, string>>;

/** What a process runs. */
interface Program {
  entry: string;
  args?: string[];
  execArgv?: string[];
}

/** A real process of ours, from the build. */
export class IntakeProcess {
  output = '';

  private constructor(
    readonly name: string,
    private readonly child: ChildProcess,
  ) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output = (this.output + chunk.toString()).slice(-100_000);
      });
    }
  }

  /** Does not wait for anything. */
  static launch(
    name: 'api' | 'worker',
    variables: Variables,
    program: Program = { entry: join(DIST, `main.${name}.js`) },
  ): IntakeProcess {
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: process.env.TMPDIR, ...variables };
    const { entry, args = [], execArgv = [] } = program;
    const child = fork(entry, args, {
      execArgv: ['--import', NO_PACKETS, ...execArgv],
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    return new IntakeProcess(name, child);
  }

  /** Resolves once it says that it is ready. @throws Error with its output when it ends before */
  static async start(
    name: 'api' | 'worker',
    variables: Variables,
    program?: Program,
  ): Promise<IntakeProcess & { ready: unknown }> {
    const started = IntakeProcess.launch(name, variables, program);
    const { child } = started;
    const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS);
    const ended = once(child, 'exit').then(() => {
      throw new Error(`${name} ended at its start:\n${started.output}`);
    });
    const [ready] = (await Promise.race([once(child, 'message'), ended])) as unknown[];
    clearTimeout(timer);
    return Object.assign(started, { ready });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  get exitCode(): number | null {
    return this.child.exitCode;
  }

  /** Waits for its end. @returns the exit code, or `null` when a signal ended it */
  async exit(): Promise<number | null> {
    if (this.alive) await once(this.child, 'exit');
    return this.child.exitCode;
  }

  /** @returns the exit code, or `null` when a signal ended it */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    if (!this.alive) return this.child.exitCode;
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    await exited;
    return this.child.exitCode;
  }
}

/** An API and a worker of one's own, on a database, a transport and a storage of their own. */
export class Deployment {
  readonly processes: IntakeProcess[] = [];
  url = '';

  private constructor(
    readonly variables: Variables,
    readonly storageRoot: string,
    private readonly release: () => Promise<void>,
  ) {}

  static async start(transport: TransportKind, extra: Variables = {}): Promise<Deployment> {
    const database = await freshDatabase();
    const folder = mkdtempSync(join(tmpdir(), 'intake-e2e-'));
    const variables = {
      DATABASE_URL: database.url,
      AUTH_MODE: 'disabled',
      API_PORT: '0',
      WORKER_HEALTH_PORT: '0',
      LOG_LEVEL: 'warn',
      TASK_BACKOFF_MS: '50',
      SHUTDOWN_TIMEOUT: '5',
      INTAKE_SECRET_KEY: 'the secret key of a test deployment',
      INTAKE_DATA_DIR: folder,
      ...(transport === 'redis' ? { REDIS_URL: await redisUrl() } : {}),
      ...extra,
    };
    const deployment = new Deployment(variables, join(folder, 'files'), async () => {
      rmSync(folder, { recursive: true, force: true });
      await database.drop();
    });
    await Promise.all([deployment.startApi(), deployment.startWorker()]);
    return deployment;
  }

  get client(): IntakeClient {
    return new IntakeClient({ url: this.url });
  }

  /** The worker that was started last. */
  get worker(): IntakeProcess {
    const worker = this.processes.findLast(({ name }) => name === 'worker');
    if (!worker) throw new Error('no worker was started');
    return worker;
  }

  async startApi(): Promise<IntakeProcess> {
    const port = this.url ? new URL(this.url).port : '0';
    const api = await IntakeProcess.start('api', { ...this.variables, API_PORT: port });
    this.url = (api.ready as { listening: string }).listening;
    this.processes.push(api);
    return api;
  }

  async startWorker(): Promise<IntakeProcess> {
    const worker = await IntakeProcess.start('worker', this.variables);
    this.processes.push(worker);
    return worker;
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.kill('SIGTERM')));
    await this.release();
  }
}
