import { fork, type ChildProcess } from 'node:child_process';
import { tmpdir } from 'node:os';
import { deserialize } from 'node:v8';
import type { Socket } from 'node:net';
import { builtEntry } from '../kernel/built-entry.js';
import { Fault } from '../kernel/fault.js';
import { MEMORY_POLL_MS, residentBytes } from './resident-memory.js';
import type { ChildMessage, JobRequest, SandboxLimits } from './sandbox-job.js';

const STDERR_TAIL_CHARACTERS = 4_000;

interface Run {
  resolve: (out: unknown) => void;
  reject: (reason: unknown) => void;
  stopWatching: () => void;
}

/** One child process and the job it runs, if any. */
export class SandboxChild {
  private readonly process: ChildProcess;
  private current: Run | null = null;
  /** Why the child is killed: what its job ends with. */
  private verdict: unknown = null;
  private causeOfDeath: Fault | null = null;
  private stderrTail = '';
  jobs = 0;
  /** A job failed: what it left behind is nobody's business to find out. */
  failed = false;
  /** Resident memory when the last job was over, garbage collected. */
  restingBytes = 0;

  /**
   * @param memoryBytes also bounds the child's JavaScript heap, for platforms and spikes that polling misses
   * @param onFree called when the job is over and the child waits for the next
   * @param onExit called once, when the process is gone
   */
  constructor(
    readonly memoryBytes: number,
    private readonly onFree: (child: SandboxChild) => void,
    private readonly onExit: (child: SandboxChild) => void,
  ) {
    this.process = fork(builtEntry(import.meta.url, './sandbox.child.js'), [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: ['--expose-gc', `--max-old-space-size=${Math.ceil(memoryBytes / 1024 ** 2)}`],
      // A user without a name has no home either, and libraries that look for one stumble.
      env: { TZ: 'UTC', NODE_ENV: 'production', HOME: tmpdir() },
      cwd: tmpdir(),
      detached: process.platform !== 'win32',
    });
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => this.keepTail(text));
    this.process.on('message', (message: ChildMessage) => this.receive(message));
    this.process.on('error', (error) => this.pid ?? this.exited(`could not be started: ${error.message}`));
    this.process.once('exit', (code, signal) => this.exited(`exit code ${code}, signal ${signal}`));
  }

  /** `undefined` when the process could not be started. */
  get pid(): number | undefined {
    return this.process.pid;
  }

  /**
   * Runs one job; the child must be free.
   * @throws Fault of the job; `sandbox.timeout`, `sandbox.out_of_memory`, `sandbox.crashed`; the signal's reason. By
   * then a child that was killed is gone, and its memory with it.
   */
  run(request: JobRequest, limits: SandboxLimits): Promise<unknown> {
    if (this.causeOfDeath) return Promise.reject(this.causeOfDeath);
    this.keepParentAlive(true);
    this.jobs += 1;
    return new Promise((resolve, reject) => {
      this.current = { resolve, reject, stopWatching: this.watch(limits) };
      this.process.send(
        request,
        (error) => error && this.kill(crashed(`the job could not be sent: ${error.message}`)),
      );
    });
  }

  /** Nothing of the child survives: the process group is killed, not asked. */
  kill(verdict: unknown): void {
    this.verdict ??= verdict;
    const { pid } = this.process;
    if (pid === undefined || this.process.exitCode !== null || this.process.signalCode !== null) return;
    try {
      process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
    } catch {
      // No group, or it is gone already.
      this.process.kill('SIGKILL');
    }
  }

  /** An idle child does not keep its parent alive. */
  rest(): void {
    this.keepParentAlive(false);
  }

  private watch({ timeoutMs, memoryBytes, signal }: SandboxLimits): () => void {
    const timeout = setTimeout(() => this.kill(timedOut(timeoutMs)), timeoutMs);
    const poll = setInterval(() => void this.checkMemory(memoryBytes), MEMORY_POLL_MS);
    const abort = () => this.kill(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    return () => {
      clearTimeout(timeout);
      clearInterval(poll);
      signal?.removeEventListener('abort', abort);
    };
  }

  private async checkMemory(limitBytes: number): Promise<void> {
    const rssBytes = await residentBytes(this.process.pid ?? 0);
    if (rssBytes > limitBytes)
      this.kill(outOfMemory(limitBytes, `resident memory reached ${rssBytes} bytes`));
  }

  /** The limits hold until the child says that it is free: a job may answer and leave a loop behind. */
  private receive(message: ChildMessage): void {
    switch (message.kind) {
      case 'result':
        return this.deliver(message.bytes);
      case 'fault':
        return this.fail(new Fault(message.fault.code, message.fault.detail, message.fault.options));
      case 'error':
        return this.fail(new Error(`a sandboxed job failed: ${message.message}`));
      case 'free':
        this.restingBytes = message.rssBytes;
        this.endRun();
        return this.onFree(this);
    }
  }

  private deliver(bytes: Uint8Array): void {
    try {
      this.current?.resolve(deserialize(bytes));
    } catch (error) {
      this.kill(crashed(`the outcome could not be read: ${String(error)}`));
    }
  }

  private fail(reason: Error): void {
    this.failed = true;
    this.current?.reject(reason);
  }

  private exited(how: string): void {
    const internal = `${how}; ${this.stderrTail}`;
    const heapFull = /heap out of memory|Reached heap limit|invalid table size/i.test(this.stderrTail);
    this.causeOfDeath = heapFull ? outOfMemory(this.memoryBytes, internal) : crashed(internal);
    this.current?.reject(this.verdict ?? this.causeOfDeath);
    this.endRun();
    this.onExit(this);
  }

  private endRun(): void {
    this.current?.stopWatching();
    this.current = null;
  }

  private keepTail(text: string): void {
    this.stderrTail = (this.stderrTail + text).slice(-STDERR_TAIL_CHARACTERS);
  }

  private keepParentAlive(alive: boolean): void {
    const handles = [this.process, this.process.channel, this.process.stderr as Socket | null];
    for (const handle of handles) handle?.[alive ? 'ref' : 'unref']();
  }
}

function timedOut(timeoutMs: number): Fault {
  return new Fault(
    'sandbox.timeout',
    `The work was stopped after ${timeoutMs / 1_000} seconds, the time allowed for it. Send a smaller or simpler file.`,
  );
}

function outOfMemory(limitBytes: number, internal: string): Fault {
  const megabytes = Math.round(limitBytes / 1024 ** 2);
  return new Fault(
    'sandbox.out_of_memory',
    `The work was stopped because it needs more than ${megabytes} MiB of memory. Send a smaller or simpler file.`,
    {
      internal,
    },
  );
}

function crashed(internal: string): Fault {
  return new Fault('sandbox.crashed', 'The process that did the work ended unexpectedly.', { internal });
}
