/** A hint that a task may run: all that leaves Postgres. */
export interface TransportEntry {
  readonly taskId: string;
  /** Rises with every dispatch of the task, so that an entry of an older dispatch claims nothing. */
  readonly epoch: number;
  readonly type: string;
  /** 1 runs first, 2,097,151 last. */
  readonly priority: number;
}

/** An entry as a worker receives it; possibly twice, possibly long after the task has moved on. */
export interface Delivery {
  readonly queue: string;
  readonly taskId: string;
  readonly epoch: number;
  readonly type: string;
}

/** Waiting: not handed to any worker yet, paused or not. */
export type Presence = 'waiting' | 'active' | 'unknown';

export interface Lane {
  readonly queue: string;
  /** Deliveries that run at once, at least 1. */
  readonly concurrency: number;
}

export interface TransportStats {
  waiting: number;
  active: number;
}

export interface TransportMemory {
  kind: 'redis' | 'postgres';
  memoryBytes: number;
  keys: number;
}

/** Runs one delivery. Its outcome is the caller's business: a rejection is logged, and the entry is gone either way. */
export type OnDelivery = (delivery: Delivery, signal: AbortSignal) => Promise<void>;

export interface ServingHandle {
  /** Takes nothing more; what runs goes on. */
  pause(): void;
  /** @throws Error when this process does not serve the queue */
  setConcurrency(queue: string, concurrency: number): void;
  /** Pauses, waits for what runs, aborts what still runs after `timeoutMs`, and ends within 3 s from then. */
  close(options: { timeoutMs: number }): Promise<void>;
}

/** The name of an entry in the transport. */
export function transportKey(taskId: string, epoch: number): string {
  return `${taskId}-${epoch}`;
}

/**
 * Carries ids from dispatch to workers. A hint and nothing more: it may lose, repeat or delay any entry, and Postgres
 * repairs it. Every method but `serve` ends within its time limit.
 * @throws Fault `transport.unavailable` from every asynchronous method but `serve`
 */
export abstract class Transport {
  /** How often a delivery outlived its lock here or came back from another worker. Harmless: the epoch decides. */
  abstract readonly lostLocks: number;

  /** For how long every call of this process has failed; `null` when the last one was answered, or there was none. */
  abstract readonly unreachableForMs: number | null;

  /** Hands entries to the queue's workers. An entry that the transport still holds is left as it is. */
  abstract publish(queue: string, entries: readonly TransportEntry[]): Promise<void>;

  /** Where each of these entries is. */
  abstract known(queue: string, keys: readonly string[]): Promise<Map<string, Presence>>;

  /** Takes back entries that no worker has yet; the others stay. */
  abstract remove(queue: string, keys: readonly string[]): Promise<void>;

  /** The mark that was last left beside the queue; `null` when it never was, or the transport lost its memory. */
  abstract incarnation(queue: string): Promise<string | null>;

  abstract mark(queue: string, incarnation: string): Promise<void>;

  abstract stats(queue: string): Promise<TransportStats>;

  abstract memory(): Promise<TransportMemory>;

  /**
   * Starts taking deliveries; returns at once, also while the transport is down. Once in an application's life.
   * @throws Error when called twice
   */
  abstract serve(lanes: readonly Lane[], onDelivery: OnDelivery): Promise<ServingHandle>;

  /** A round trip, and progress: a lane with waiting entries and free slots that takes nothing is a fault. */
  abstract health(): Promise<void>;
}
