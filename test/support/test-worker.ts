import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const ENTRY = fileURLToPath(new URL('test-worker.child.ts', import.meta.url));
const TYPESCRIPT = new URL('typescript.mjs', import.meta.url).href;
const NO_PACKETS = new URL('no-packets.mjs', import.meta.url).href;
const START_TIMEOUT_MS = 60_000;

export type Variables = Readonly<Record<string, string>>;

/** A real worker process that runs the scripted test tasks. */
export class TestWorker {
  output = '';
  readonly ended: Promise<void>;

  private constructor(readonly process: ChildProcess) {
    this.ended = once(process, 'exit').then(() => undefined);
    for (const stream of [process.stdout, process.stderr])
      stream?.on('data', (chunk: Buffer) => (this.output = (this.output + chunk.toString()).slice(-50_000)));
  }

  /** @param args `--isolated` makes the child that runs suspects @returns once it has said that it is ready */
  static async start(variables: Variables, args: string[] = []): Promise<TestWorker & { ready: unknown }> {
    const child = fork(ENTRY, args, {
      execArgv: ['--import', TYPESCRIPT, '--import', NO_PACKETS],
      env: { ...ownVariables(), ...variables },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const worker = new TestWorker(child);
    const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS);
    const [ready] = (await Promise.race([
      once(child, 'message'),
      worker.ended.then(() => {
        throw new Error(`the worker ended at its start:\n${worker.output}`);
      }),
    ])) as unknown[];
    clearTimeout(timer);
    return Object.assign(worker, { ready });
  }

  get isAlive(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (!this.isAlive) return;
    this.process.kill(signal);
    await this.ended;
  }
}

/** Starts a worker again whenever it ends, as a supervisor would, until told to stop. */
export class Supervisor {
  starts = 0;
  current: TestWorker | null = null;
  private stopping = false;
  private readonly loop: Promise<void>;

  constructor(private readonly variables: Variables) {
    this.loop = this.run();
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.stopping = true;
    await this.current?.kill(signal);
    await this.loop;
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      this.starts += 1;
      this.current = await TestWorker.start(this.variables);
      if (this.stopping) await this.current.kill('SIGTERM');
      await this.current.ended;
    }
  }
}

function ownVariables(): Variables {
  const { PATH = '', HOME = '', TMPDIR = '' } = process.env;
  return { PATH, HOME, ...(TMPDIR ? { TMPDIR } : {}) };
}
