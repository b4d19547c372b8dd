import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, renameSync, statSync, type WriteStream } from 'node:fs';

export interface ProcessSpec {
  name: string;
  /** The compiled entry. */
  entry: string;
  environment: Record<string, string | undefined>;
  /** Where its output goes, started afresh when it is large; where the parent's goes when absent. */
  logFile?: string;
  /** Exit codes, beside 0, with which it says that it is done and wants no successor. */
  verdicts?: readonly number[];
}

const LOG_LIMIT_BYTES = 20 * 1024 ** 2;
const FIRST_RESTART_MS = 500;
const LAST_RESTART_MS = 15_000;
/** A process that ran for this long did not fail at its start. */
const STEADY_MS = 60_000;

/**
 * A child process that is started again when it fails, a little later each time that it fails early. One that ends with
 * 0 was asked to by somebody, or has nothing left to do: it stays down.
 */
export class SupervisedProcess {
  private child: ChildProcess | null = null;
  private restart: NodeJS.Timeout | null = null;
  private stopping = false;
  private delayMs = FIRST_RESTART_MS;
  private readonly log: WriteStream | null;
  private onDone: (code: number) => void = () => undefined;
  /** Resolves with the exit code once it has no successor. */
  readonly done = new Promise<number>((resolve) => (this.onDone = resolve));

  constructor(private readonly spec: ProcessSpec) {
    const { logFile } = spec;
    if (logFile) rotate(logFile);
    this.log = logFile ? createWriteStream(logFile, { flags: 'a' }) : null;
  }

  /** Resolves with the first word of the child: it is ready. @throws Error with what it said last when it ends before */
  async start(): Promise<unknown> {
    const child = this.launch();
    const tail = tailOf(child);
    const ended = once(child, 'exit').then(() => {
      const { name, logFile } = this.spec;
      throw new Error(`${name} did not start: ${tail() || (logFile ? `see ${logFile}` : 'it said why')}`);
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
    this.log?.end();
  }

  /** Ends it without asking. */
  kill(): void {
    this.stopping = true;
    this.child?.kill('SIGKILL');
  }

  private launch(): ChildProcess {
    const startedAtMs = performance.now();
    const { entry, environment: env } = this.spec;
    const output = this.log ? 'pipe' : 'inherit';
    // A group of its own: Ctrl-C in the terminal is the parent's, who asks its children once.
    const detached = process.platform !== 'win32';
    const child = fork(entry, [], { env, detached, stdio: ['ignore', output, output, 'ipc'] });
    if (this.log) {
      child.stdout?.pipe(this.log, { end: false });
      child.stderr?.pipe(this.log, { end: false });
    }
    child.once('exit', (code) => this.onExit(code, performance.now() - startedAtMs));
    this.child = child;
    return child;
  }

  private onExit(code: number | null, ranMs: number): void {
    if (this.stopping) return;
    if (code === 0 || (code !== null && this.spec.verdicts?.includes(code))) return this.onDone(code);
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
