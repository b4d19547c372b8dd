import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, renameSync, statSync, type WriteStream } from 'node:fs';

export interface ProcessSpec {
  name: string;
  /** The compiled entry. */
  entry: string;
  environment: Record<string, string | undefined>;
  /** Where its output goes; started afresh when it is large. */
  logFile: string;
}

const LOG_LIMIT_BYTES = 20 * 1024 ** 2;
const FIRST_RESTART_MS = 500;
const LAST_RESTART_MS = 15_000;
/** A process that ran for this long did not fail at its start. */
const STEADY_MS = 30_000;

/** A child process that is started again when it ends by itself, a little later each time that it fails early. */
export class SupervisedProcess {
  private child: ChildProcess | null = null;
  private restart: NodeJS.Timeout | null = null;
  private stopping = false;
  private delayMs = FIRST_RESTART_MS;
  private readonly log: WriteStream;

  constructor(private readonly spec: ProcessSpec) {
    rotate(spec.logFile);
    this.log = createWriteStream(spec.logFile, { flags: 'a' });
  }

  /** Resolves with the first word of the child: it is ready. @throws Error with what it said last when it ends before */
  async start(): Promise<unknown> {
    const child = this.launch();
    const tail = tailOf(child);
    const ended = once(child, 'exit').then(() => {
      throw new Error(`${this.spec.name} did not start: ${tail() || `see ${this.spec.logFile}`}`);
    });
    const [message] = await Promise.race([once(child, 'message'), ended]);
    return message;
  }

  /** Asks it to end, kills it when it does not. */
  async stop(timeoutMs: number): Promise<void> {
    this.stopping = true;
    if (this.restart) clearTimeout(this.restart);
    const { child } = this;
    if (child && child.exitCode === null && child.signalCode === null) {
      const killer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
      child.kill('SIGTERM');
      await once(child, 'exit');
      clearTimeout(killer);
    }
    this.log.end();
  }

  private launch(): ChildProcess {
    const startedAtMs = performance.now();
    const { entry, environment: env } = this.spec;
    const child = fork(entry, [], { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    child.stdout?.pipe(this.log, { end: false });
    child.stderr?.pipe(this.log, { end: false });
    child.once('exit', () => this.onExit(performance.now() - startedAtMs));
    this.child = child;
    return child;
  }

  private onExit(ranMs: number): void {
    if (this.stopping) return;
    if (ranMs > STEADY_MS) this.delayMs = FIRST_RESTART_MS;
    this.restart = setTimeout(() => this.launch(), this.delayMs);
    this.delayMs = Math.min(this.delayMs * 2, LAST_RESTART_MS);
  }
}

/** Keeps the last line that a child writes to its error output. */
function tailOf(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-2_000);
  });
  return () => text.trim();
}

function rotate(file: string): void {
  if (existsSync(file) && statSync(file).size > LOG_LIMIT_BYTES) renameSync(file, `${file}.1`);
}
