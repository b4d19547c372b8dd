import { Injectable } from '@nestjs/common';
import { Fault } from '../kernel/fault.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { TaskControlService } from '../tasks/task-control.service.js';
import { TaskRegistry } from '../tasks/task-registry.js';
import { TaskStatsService, type TaskCounts } from '../tasks/task-stats.service.js';
import { numbersOf, sumOf } from './queue-numbers.js';
import { QueueStatesRepository, type QueueState } from './queue-states.repository.js';
import type { QueueNumbers, QueueStats, WorkerTotals, WorkerView } from './queue.contract.js';
import { TransportUsage } from './transport-usage.js';
import { WorkersRepository, type WorkerRow } from './workers.repository.js';

export const DEFAULT_WINDOW_MINUTES = 5;

interface StatsQuery {
  queue?: string;
  window?: number;
}

interface Readings extends TaskCounts {
  transport: Awaited<ReturnType<TransportUsage['read']>>;
  minutes: number;
}

/** Queues and workers in numbers. */
@Injectable()
export class QueueService {
  constructor(
    private readonly registry: TaskRegistry,
    private readonly counters: TaskStatsService,
    private readonly tasks: TaskControlService,
    private readonly states: QueueStatesRepository,
    private readonly workers: WorkersRepository,
    private readonly usage: TransportUsage,
  ) {}

  /**
   * @param query.queue one queue; all when it is not given
   * @param query.window how many minutes rates and percentiles look back, the current one included
   * @throws Fault `queue.unknown`
   */
  async stats(
    scope: TenantScope,
    { queue: asked, window = DEFAULT_WINDOW_MINUTES }: StatsQuery,
  ): Promise<QueueStats> {
    const known = await this.states.list(scope, this.registry.queues());
    const queues = known.filter(({ name }) => asked === undefined || name === asked);
    if (asked !== undefined && queues.length === 0) {
      throw new Fault(
        'queue.unknown',
        `There is no queue ${asked}; there are ${known.map(({ name }) => name).join(', ')}`,
      );
    }
    const readings = await this.read(scope, queues, window);
    return {
      queues: queues.map((queue) => describe(queue.name, [queue], readings)),
      total: describe('total', queues, readings),
    };
  }

  async listWorkers(scope: TenantScope, limit: number, before?: string) {
    const rows = await this.workers.list(limit, before);
    const views = await this.toViews(scope, rows);
    return rows.map(({ incarnation }, index) => ({ incarnation, view: views[index] }));
  }

  /** @throws Fault `worker.not_found` */
  async worker(scope: TenantScope, name: string): Promise<WorkerView> {
    const row = await this.workers.find(name);
    if (!row)
      throw new Fault('worker.not_found', `There is no worker ${name}; a stopped one leaves the list`);
    const [view] = await this.toViews(scope, [row]);
    return view;
  }

  workerTotals(): Promise<WorkerTotals> {
    return this.workers.totals();
  }

  private async read(scope: TenantScope, queues: readonly QueueState[], minutes: number): Promise<Readings> {
    const [counts, transport] = await Promise.all([
      this.counters.read(scope, minutes),
      this.usage.read(queues.map(({ name }) => name)),
    ]);
    return { ...counts, transport, minutes };
  }

  private async toViews(scope: TenantScope, rows: readonly WorkerRow[]): Promise<WorkerView[]> {
    const held = await this.tasks.heldBy(
      scope,
      rows.map(({ incarnation }) => incarnation),
    );
    return rows.map(({ incarnation, types, ...row }) => ({
      ...row,
      capabilities: types,
      labels: {},
      slots: row.concurrency,
      started_at: row.started_at.toISOString(),
      last_seen_at: row.last_seen_at.toISOString(),
      current_tasks: held.get(incarnation) ?? [],
    }));
  }
}

/** Some queues as one row. */
function describe(name: string, queues: readonly QueueState[], readings: Readings): QueueNumbers {
  const names = new Set(queues.map((queue) => queue.name));
  const waiting = [...names].map((queue) => readings.transport.waiting.get(queue) ?? null);
  const ages = [...names].flatMap((queue) => readings.oldestSeconds.get(queue) ?? []);
  return {
    name,
    ...numbersOf(sumOf(readings.sinceEver, names), sumOf(readings.recent, names), readings.minutes),
    oldest_age_seconds: ages.length > 0 ? Math.max(...ages) : null,
    paused: queues.length > 0 && queues.every(({ paused }) => paused),
    workers: new Set(queues.flatMap(({ workers }) => workers)).size,
    transport: {
      ...readings.transport.whole,
      window_used: waiting.every((count) => count !== null)
        ? waiting.reduce((sum, count) => sum + count, 0)
        : null,
      window_size: queues.reduce((sum, { window_size }) => sum + window_size, 0),
    },
  };
}
