import { Injectable } from '@nestjs/common';
import { Fault } from '../kernel/fault.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { TaskControlService } from '../tasks/task-control.service.js';
import { TaskRegistry } from '../tasks/task-registry.js';
import { TaskStatsService, type HistoryRequest, type TaskCounts } from '../tasks/task-stats.service.js';
import { pointsOf } from './queue-history.js';
import { numbersOf, sumOf } from './queue-numbers.js';
import { QueueStatesRepository, type QueueState } from './queue-states.repository.js';
import type {
  QueueHistory,
  QueueNumbers,
  QueueStats,
  QueueView,
  WorkerTotals,
  WorkerView,
} from './queue.contract.js';
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
    const queues = await this.select(scope, asked);
    const readings = await this.read(scope, queues, window);
    return {
      queues: queues.map((queue) => describe(queue.name, [queue], readings)),
      total: describe('total', queues, readings),
    };
  }

  /**
   * What happened, step by step, whatever became of the tasks since.
   * @param queue one queue; all together when it is not given
   * @throws Fault `queue.unknown`, `request.invalid`
   */
  async history(
    scope: TenantScope,
    { queue, ...range }: HistoryRequest & { queue?: string },
  ): Promise<QueueHistory> {
    const names = (await this.select(scope, queue)).map(({ name }) => name);
    const history = await this.counters.history(scope, names, range);
    return {
      queue: queue ?? 'total',
      from: history.from.toISOString(),
      to: history.to.toISOString(),
      step_seconds: range.stepSeconds,
      data: pointsOf(history, range.stepSeconds),
    };
  }

  /** By name. */
  async list(scope: TenantScope): Promise<QueueView[]> {
    return (await this.select(scope, undefined)).map(toQueueView);
  }

  /** @throws Fault `queue.unknown` */
  async one(scope: TenantScope, name: string): Promise<QueueView> {
    const [queue] = await this.select(scope, name);
    return toQueueView(queue);
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

  /**
   * Asks a worker to take nothing more, to finish what it runs or give it back, and to end.
   * @throws Fault `worker.not_found`, or `worker.lost` for one that nobody can ask
   */
  async drain(scope: TenantScope, name: string): Promise<WorkerView> {
    const row = await this.workers.find(name);
    if (row?.status === 'lost')
      throw new Fault('worker.lost', `Nothing is heard of ${name}; its tasks go to others by themselves`);
    if (row) await this.workers.askToDrain(row.incarnation);
    return this.worker(scope, row?.incarnation ?? name);
  }

  workerTotals(): Promise<WorkerTotals> {
    return this.workers.totals();
  }

  private async select(scope: TenantScope, asked: string | undefined): Promise<QueueState[]> {
    const known = await this.states.list(scope, this.registry.queues());
    const queues = known.filter(({ name }) => asked === undefined || name === asked);
    if (asked === undefined || queues.length > 0) return queues;
    const names = known.map(({ name }) => name).join(', ');
    throw new Fault('queue.unknown', `There is no queue ${asked}; there are ${names}`);
  }

  private async read(scope: TenantScope, queues: readonly QueueState[], minutes: number): Promise<Readings> {
    const names = queues.map(({ name }) => name);
    const [counts, transport] = await Promise.all([
      this.counters.read(scope, names, minutes),
      this.usage.read(names),
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

function toQueueView({ name, paused, paused_at, window_size, workers }: QueueState): QueueView {
  return { name, paused, paused_at: paused_at?.toISOString() ?? null, window_size, workers: workers.length };
}

/** Some queues as one row. */
function describe(name: string, queues: readonly QueueState[], readings: Readings): QueueNumbers {
  const names = new Set(queues.map((queue) => queue.name));
  const waiting = [...names].map((queue) => readings.transport.waiting.get(queue) ?? null);
  const ages = [...names].flatMap((queue) => readings.oldestSeconds.get(queue) ?? []);
  const alarms = queues.flatMap(({ start_alarm_at }) => start_alarm_at?.getTime() ?? []);
  return {
    name,
    ...numbersOf(sumOf(readings.sinceEver, names), sumOf(readings.recent, names), readings.minutes),
    oldest_age_seconds: ages.length > 0 ? Math.max(...ages) : null,
    paused: queues.length > 0 && queues.every(({ paused }) => paused),
    start_alarm_at: alarms.length > 0 ? new Date(Math.min(...alarms)).toISOString() : null,
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
