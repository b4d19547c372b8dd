import { Injectable } from '@nestjs/common';
import { storableText, toStorable } from '../kernel/storable.js';
import type { Lease, LogLine } from './task-rows.js';

/** Why a running handler is asked to stop. */
export type StopReason = 'timeout' | 'deadline' | 'cancelled' | 'shutdown' | 'lease_in_doubt' | 'lease_lost';

/** One attempt in this process, from before its claim until after its settlement. */
export class RunningAttempt {
  private readonly controller = new AbortController();
  private lines: LogLine[] = [];
  private news: { progress?: number; progress_message?: string } = {};
  stopReason: StopReason | null = null;
  /** When the claim's answer was heard, on the clock of {@link sharedNowMs}; until then nothing is held. */
  heldSinceMs = Infinity;

  constructor(readonly lease: Lease) {}

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** The first reason counts. */
  stop(reason: StopReason): void {
    if (this.stopReason) return;
    this.stopReason = reason;
    this.controller.abort(new DOMException(`The attempt was stopped: ${reason}`, 'AbortError'));
  }

  report(progress: number, message: string): void {
    this.news = { progress: Math.min(1, Math.max(0, progress)), progress_message: storableText(message) };
  }

  log({ message, data, ...line }: LogLine): void {
    this.lines.push({
      ...line,
      message: storableText(message),
      ...(data === undefined ? {} : { data: toStorable(data) }),
    });
  }

  takeLines(): LogLine[] {
    return this.lines.splice(0);
  }

  /** What changed since the last call, if anything. */
  takeNews() {
    const news = this.news;
    const logs = this.takeLines();
    this.news = {};
    return logs.length > 0 || news.progress !== undefined ? { ...this.lease, ...news, logs } : null;
  }
}

/** What this process holds in memory, claims and settlements without an answer included. */
@Injectable()
export class RunningAttempts {
  private readonly attempts = new Map<string, RunningAttempt>();
  private readonly barredBy = new Set<StopReason>();
  private idleListeners: Array<() => void> = [];
  private certaintyListeners: Array<() => void> = [];
  processed = 0;
  failed = 0;
  /** Tasks that went on to the isolated process: what became of them stands in Postgres. */
  readonly suspects = new Set<string>();

  get size(): number {
    return this.attempts.size;
  }

  /** Whether work may begin: not once the process is leaving, nor while it cannot prove that it lives. */
  get isOpen(): boolean {
    return this.barredBy.size === 0;
  }

  begin(lease: Lease): RunningAttempt {
    const attempt = new RunningAttempt(lease);
    this.attempts.set(lease.token, attempt);
    return attempt;
  }

  end(attempt: RunningAttempt): void {
    this.attempts.delete(attempt.lease.token);
    if (this.attempts.size === 0) for (const listener of this.idleListeners.splice(0)) listener();
  }

  holds(token: string): boolean {
    return this.attempts.has(token);
  }

  stop(token: string, reason: StopReason): void {
    this.attempts.get(token)?.stop(reason);
  }

  /** Postgres named all that it believed here when it was asked: whatever was held by then and is not among it is lost. */
  stopLost(known: ReadonlySet<string>, askedAtMs: number): void {
    for (const attempt of this.attempts.values()) {
      if (attempt.heldSinceMs < askedAtMs && !known.has(attempt.lease.token)) attempt.stop('lease_lost');
    }
  }

  /** Stops what runs, and lets nothing begin until {@link reopen}. */
  stopAll(reason: StopReason): void {
    this.barredBy.add(reason);
    for (const attempt of this.attempts.values()) attempt.stop(reason);
  }

  reopen(reason: StopReason): void {
    this.barredBy.delete(reason);
    if (reason === 'lease_in_doubt') for (const listener of this.certaintyListeners.splice(0)) listener();
  }

  /** Resolves when this process can prove that it lives. */
  certain(): Promise<void> {
    if (!this.barredBy.has('lease_in_doubt')) return Promise.resolve();
    return new Promise((resolve) => this.certaintyListeners.push(resolve));
  }

  takeNews() {
    return [...this.attempts.values()].flatMap((attempt) => attempt.takeNews() ?? []);
  }

  /** Resolves when nothing runs. */
  idle(): Promise<void> {
    if (this.attempts.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.idleListeners.push(resolve));
  }
}
