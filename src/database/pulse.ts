import { Worker } from 'node:worker_threads';
import { builtEntry } from '../kernel/built-entry.js';

export interface PulseOptions<Row> {
  connectionString: string;
  /** Run once per interval; its parameters come from {@link PulseOptions.parameters}. */
  sql: string;
  intervalMs: number;
  /** The thread stops beating when the main thread has not answered for this long. */
  stopAfterMs: number;
  parameters: () => unknown[];
  /** @param askedAtMs when the statement was sent, on the clock of {@link sharedNowMs} */
  onBeat: (rows: Row[], askedAtMs: number) => void;
}

/** From the thread: what a beat read, and when it began on the clock that all threads share. */
export interface Beat {
  startedAtMs: number;
  rows: unknown[];
}

/** From the thread: why a beat did not reach Postgres. */
export interface MissedBeat {
  fault: string;
}

/**
 * A statement that runs every interval on a thread and a connection of its own, so that a busy main thread does not
 * delay it; a main thread that is blocked for long silences it.
 */
export class Pulse<Row> {
  private thread: Worker | null = null;
  private ticker: NodeJS.Timeout | null = null;
  private lastBeatMs = sharedNowMs();
  private lastFault: string | null = null;

  constructor(private readonly options: PulseOptions<Row>) {}

  /** Milliseconds since the last beat that reached Postgres began. */
  get silentMs(): number {
    return sharedNowMs() - this.lastBeatMs;
  }

  /** Why the last beat did not reach Postgres; `null` when it did, or was never sent. */
  get fault(): string | null {
    return this.lastFault;
  }

  start(): void {
    const { connectionString, sql, intervalMs, stopAfterMs } = this.options;
    this.lastBeatMs = sharedNowMs();
    this.thread = new Worker(builtEntry(import.meta.url, './pulse.thread.js'), {
      workerData: { connectionString, sql, intervalMs, stopAfterMs, parameters: this.options.parameters() },
      resourceLimits: { maxOldGenerationSizeMb: 64 },
    });
    this.thread.on('message', (news: Beat | MissedBeat) => this.hear(news));
    this.thread.on('error', (error) => this.hear({ fault: String(error) }));
    this.thread.on('exit', () => this.restart());
    this.ticker = setInterval(() => this.thread?.postMessage(this.options.parameters()), intervalMs / 2);
  }

  async stop(): Promise<void> {
    if (this.ticker) clearInterval(this.ticker);
    const thread = this.thread;
    this.thread = null;
    await thread?.terminate();
  }

  private hear(news: Beat | MissedBeat): void {
    this.lastFault = 'fault' in news ? news.fault : null;
    if ('fault' in news) return;
    this.lastBeatMs = Math.max(this.lastBeatMs, news.startedAtMs);
    this.options.onBeat(news.rows as Row[], news.startedAtMs);
  }

  /** A thread that died takes only beats with it: the silence is noticed, and a new one beats on. */
  private restart(): void {
    if (!this.thread || !this.ticker) return;
    clearInterval(this.ticker);
    const lastBeatMs = this.lastBeatMs;
    this.start();
    this.lastBeatMs = lastBeatMs;
  }
}

/** Milliseconds on the monotonic clock that every thread of the process reads alike. */
export function sharedNowMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
