import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Clock } from '../kernel/clock.js';
import { Fault } from '../kernel/fault.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { ignoring } from '../telemetry/ignoring.js';
import { WAITING_STATUSES } from './lifecycle.js';
import { TaskStatsRepository } from './task-stats.repository.js';

/** How many tasks of a tenant wait in each queue, and how many may; 0 is no limit. */
export interface Depths {
  waiting: Map<string, number>;
  limit: number;
  /** The variable or the tenant's own number. */
  limitName: string;
}

interface Snapshot {
  readAtMs: number;
  depths: Depths;
}

const FRESH_MS = 500;
const USABLE_MS = 5_000;
const WAITING_METRICS = new Set<string>(WAITING_STATUSES.map((status) => `depth.${status}`));

/** How much waits in each queue of a tenant: read now and then, counted up in between, so it may overshoot a little. */
@Injectable()
export class QueueDepths {
  private readonly snapshots = new Map<string, Snapshot>();
  private readonly reading = new Map<string, Promise<Snapshot>>();

  constructor(
    private readonly stats: TaskStatsRepository,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /** To be asked before a transaction begins: a read from within would wait for a second connection. */
  async of(scope: TenantScope): Promise<Depths> {
    return (await this.snapshot(scope)).depths;
  }

  /**
   * Makes room for new tasks in a queue.
   * @returns how many tasks wait there, the new ones included
   * @throws Fault `queue.full`
   */
  admit(depths: Depths, queue: string, count: number): number {
    const { waiting, limit, limitName } = depths;
    const depth = (waiting.get(queue) ?? 0) + count;
    if (limit > 0 && depth > limit) {
      const detail = `The queue ${queue} holds ${depth - count} waiting tasks and may hold ${limit} (${limitName}); try again later`;
      throw new Fault('queue.full', detail, { retryAfterSeconds: 5 });
    }
    waiting.set(queue, depth);
    return depth;
  }

  private async snapshot(scope: TenantScope): Promise<Snapshot> {
    const known = this.snapshots.get(scope.tenantId);
    const ageMs = known ? this.clock.monotonicMs() - known.readAtMs : Infinity;
    if (known && ageMs < FRESH_MS) return known;
    const fresh = this.read(scope);
    if (!known || ageMs > USABLE_MS) return fresh;
    void ignoring(fresh, 'the depths of a moment ago still serve');
    return known;
  }

  private read(scope: TenantScope): Promise<Snapshot> {
    const { tenantId } = scope;
    const reading =
      this.reading.get(tenantId) ?? this.load(scope).finally(() => this.reading.delete(tenantId));
    this.reading.set(tenantId, reading);
    return reading;
  }

  private async load(scope: TenantScope): Promise<Snapshot> {
    const [totals, own] = await Promise.all([this.stats.totals(scope), this.stats.maxPending(scope)]);
    const waiting = new Map<string, number>();
    for (const { queue, metric, amount } of totals) {
      if (WAITING_METRICS.has(metric)) waiting.set(queue, (waiting.get(queue) ?? 0) + amount);
    }
    const limit = own ?? this.config.maxQueueSize;
    const limitName = own === null ? 'MAX_QUEUE_SIZE' : "the tenant's max_pending";
    const snapshot = { readAtMs: this.clock.monotonicMs(), depths: { waiting, limit, limitName } };
    this.snapshots.set(scope.tenantId, snapshot);
    return snapshot;
  }
}
