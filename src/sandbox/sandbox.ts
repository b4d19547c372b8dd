import { availableParallelism } from 'node:os';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Fault } from '../kernel/fault.js';
import { SandboxChild } from './sandbox-child.js';
import type { SandboxJob, SandboxLimits } from './sandbox-job.js';

const MIB = 1024 ** 2;

export abstract class SandboxOptions {
  /** Children at once; more jobs wait in line. */
  abstract readonly size: number;
  /** A child is replaced after so many jobs. */
  abstract readonly maxJobs: number;
  /** A child that keeps more than this after a job, garbage collected, is replaced. */
  abstract readonly restingBytes: number;
  /** A child without work ends after this. */
  abstract readonly idleMs: number;
}

export const DEFAULT_SANDBOX_OPTIONS = {
  size: availableParallelism(),
  maxJobs: 100,
  restingBytes: 200 * MIB,
  idleMs: 30_000,
} satisfies SandboxOptions;

/** A job's place in the line for a child. */
class Place {
  take!: (child: SandboxChild) => void;
  refuse!: (reason: unknown) => void;
  readonly child: Promise<SandboxChild>;

  constructor(readonly memoryBytes: number) {
    this.child = new Promise((take, refuse) => {
      this.take = take;
      this.refuse = refuse;
    });
  }
}

/** Runs jobs in child processes that can be killed; children are started when needed and used again. */
@Injectable()
export class Sandbox implements OnApplicationShutdown {
  private readonly children = new Set<SandboxChild>();
  private readonly idle = new Map<SandboxChild, NodeJS.Timeout>();
  private readonly waiting = new Set<Place>();
  private closed = false;

  constructor(private readonly options: SandboxOptions) {}

  /**
   * Runs a job in a child of its own. Waiting for a free child is not counted as the job's time.
   * @throws Fault `sandbox.timeout`, `sandbox.out_of_memory`, `sandbox.crashed`, `sandbox.result_too_large`; the job's
   * own Fault with its code and texts; an Error for anything else the job throws; the signal's reason when aborted
   */
  async run<In, Out>(job: SandboxJob<In, Out>, input: In, limits: SandboxLimits): Promise<Out> {
    const request = {
      entry: job.entry.href,
      name: job.name,
      input,
      resultBytes: limits.resultBytes ?? 16 * MIB,
      restingBytes: this.options.restingBytes,
    };
    const child = await this.acquire(limits);
    return (await child.run(request, limits)) as Out;
  }

  /** Process ids of the living children. */
  get pids(): number[] {
    return [...this.children].flatMap((child) => child.pid ?? []);
  }

  /** Last of all, so that work which is given time to end can use its children until then. */
  onApplicationShutdown(): void {
    this.closed = true;
    for (const place of this.waiting) place.refuse(shuttingDown());
    this.waiting.clear();
    for (const child of this.children) child.kill(shuttingDown());
  }

  private async acquire({ memoryBytes, signal }: SandboxLimits): Promise<SandboxChild> {
    signal?.throwIfAborted();
    if (this.closed) throw shuttingDown();
    const place = new Place(memoryBytes);
    const withdraw = () => {
      this.waiting.delete(place);
      place.refuse(signal?.reason);
    };
    signal?.addEventListener('abort', withdraw);
    this.waiting.add(place);
    this.serve();
    return place.child.finally(() => signal?.removeEventListener('abort', withdraw));
  }

  private serve(): void {
    for (const place of this.waiting) {
      const child = this.childFor(place.memoryBytes);
      if (!child) return;
      this.waiting.delete(place);
      place.take(child);
    }
  }

  /** The warmest idle child of this heap size, else a new one, in an idle one's place when the pool is full. */
  private childFor(memoryBytes: number): SandboxChild | null {
    const idle = [...this.idle.keys()];
    const warm = idle.findLast((child) => child.memoryBytes === memoryBytes);
    if (warm) return this.wake(warm);
    if (this.children.size < this.options.size) return this.start(memoryBytes);
    if (idle[0]) this.retire(idle[0]);
    return null;
  }

  private start(memoryBytes: number): SandboxChild {
    const child = new SandboxChild(
      memoryBytes,
      (freed) => this.release(freed),
      (gone) => this.forget(gone),
    );
    this.children.add(child);
    return child;
  }

  private release(child: SandboxChild): void {
    const worn = child.jobs >= this.options.maxJobs || child.restingBytes > this.options.restingBytes;
    if (child.failed || worn) return this.retire(child);
    child.rest();
    this.idle.set(child, setTimeout(() => this.retire(child), this.options.idleMs).unref());
    this.serve();
  }

  private wake(child: SandboxChild): SandboxChild {
    clearTimeout(this.idle.get(child));
    this.idle.delete(child);
    return child;
  }

  /** Its place is free when the process is gone. */
  private retire(child: SandboxChild): void {
    this.wake(child).kill(null);
  }

  private forget(child: SandboxChild): void {
    this.wake(child);
    this.children.delete(child);
    this.serve();
  }
}

function shuttingDown(): Fault {
  return new Fault('sandbox.crashed', 'The process is shutting down.');
}
