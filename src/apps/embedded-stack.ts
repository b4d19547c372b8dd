import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EmbeddedPostgres } from '../database/embedded-postgres.js';
import { migrate } from '../database/migrator.js';
import { MIGRATIONS_DIR } from './migrate.command.js';
import { secretKeyOf } from './secret-key-file.js';
import { SupervisedProcess } from './supervised-process.js';

export interface StackOptions {
  dataDir: string;
  port: number;
  /** The environment to hand on; what it sets about databases and queues is respected. */
  environment: Readonly<Record<string, string | undefined>>;
  log: (line: string) => void;
}

const HOST = '127.0.0.1';
/** What draining may take on top of SHUTDOWN_TIMEOUT before a child is killed. */
const STOP_GRACE_MS = 20_000;

/** Postgres, API and one worker on this machine, with nothing installed beforehand. */
export class EmbeddedStack {
  private readonly started: Array<() => Promise<void>> = [];

  private constructor(readonly url: string) {}

  /** @throws Error with a text for the terminal; what had started is stopped again */
  static async start(options: StackOptions): Promise<EmbeddedStack> {
    const { port, dataDir } = options;
    await refuseTakenPort(port);
    mkdirSync(join(dataDir, 'logs'), { recursive: true });
    const stack = new EmbeddedStack(`http://${HOST}:${port}`);
    try {
      await stack.launch(options);
    } catch (error) {
      await stack.stop();
      throw error;
    }
    return stack;
  }

  /** In the reverse order of the start: nothing loses what it stands on. */
  async stop(): Promise<void> {
    for (const stop of this.started.splice(0).toReversed()) await stop();
  }

  private async launch({ dataDir, port, environment, log }: StackOptions): Promise<void> {
    const databaseUrl = environment.DATABASE_URL || (await this.startPostgres(dataDir, log));
    await migrate(environment.DATABASE_DIRECT_URL || databaseUrl, MIGRATIONS_DIR, log);
    const shared = {
      ...environment,
      DATABASE_URL: databaseUrl,
      INTAKE_DATA_DIR: dataDir,
      API_HOST: HOST,
      API_PORT: String(port),
      AUTH_MODE: 'disabled',
      INTAKE_SECRET_KEY: environment.INTAKE_SECRET_KEY || secretKeyOf(dataDir),
      LOG_FORMAT: 'json',
    };
    log('Starting the API and a worker');
    await Promise.all([
      this.startProcess('api', dataDir, shared),
      this.startProcess('worker', dataDir, shared),
    ]);
  }

  private async startPostgres(dataDir: string, log: (line: string) => void): Promise<string> {
    log('Starting Postgres');
    const postgres = await EmbeddedPostgres.start({ dataDir: join(dataDir, 'postgres'), log });
    this.started.push(() => postgres.stop());
    return postgres.url;
  }

  private async startProcess(
    name: 'api' | 'worker',
    dataDir: string,
    environment: Record<string, string | undefined>,
  ) {
    const entry = fileURLToPath(new URL(`../main.${name}.js`, import.meta.url));
    const child = new SupervisedProcess({
      name,
      entry,
      environment,
      logFile: join(dataDir, 'logs', `${name}.log`),
    });
    this.started.push(() => child.stop(Number(environment.SHUTDOWN_TIMEOUT ?? 30) * 1_000 + STOP_GRACE_MS));
    await child.start();
  }
}

/** Said before anything starts, instead of after a minute of work. */
function refuseTakenPort(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', ({ code }: NodeJS.ErrnoException) => {
      const why = code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${code})`;
      reject(new Error(`Port ${port} ${why}: choose another, for instance npm start -- --port ${port + 1}`));
    });
    probe.listen(port, HOST, () => probe.close(() => resolve()));
  });
}
