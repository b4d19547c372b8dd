import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import { inTime } from '../telemetry/in-time.js';
import { Metrics } from '../telemetry/metrics.registry.js';
import { QueueGaugesRepository, type GaugeRow } from './queue-gauges.repository.js';
import { SCRAPE_LIMIT_MS } from './scrape-limit.js';

type Label = 'queue' | 'status';

/** Any number of scrapers cost one read in this time. */
const FRESH_MS = 5_000;

const GAUGES: ReadonlyArray<{ name: string; help: string; labels: Label[] }> = [
  { name: 'queue_depth', help: 'Tasks in each status', labels: ['queue', 'status'] },
  {
    name: 'queue_oldest_age_seconds',
    help: 'How long the task waits that could have run for longest; 0 when none waits',
    labels: ['queue'],
  },
  { name: 'queue_workers', help: 'Live workers that serve the queue', labels: ['queue'] },
  { name: 'queue_paused', help: '1 while the whole queue is paused', labels: ['queue'] },
  { name: 'queue_window_size', help: 'How many tasks the transport may hold', labels: ['queue'] },
  { name: 'workers_alive', help: 'Workers whose heartbeat is younger than a lease', labels: [] },
  { name: 'slots', help: 'Attempts that the live workers can run at once', labels: [] },
  { name: 'slots_busy', help: 'Attempts that the live workers are running', labels: [] },
  {
    name: 'dispatch_lag_seconds',
    help: 'How long the most overdue scheduled task has been waiting for a dispatcher',
    labels: [],
  },
];

/** Gauges that are the same in every process, read from Postgres at a scrape; absent while it does not answer. */
@Injectable()
export class QueueGauges implements OnModuleInit {
  private known: { rows: GaugeRow[]; readAtMs: number } | null = null;
  private reading: Promise<GaugeRow[]> | null = null;

  constructor(
    private readonly metrics: Metrics,
    private readonly gauges: QueueGaugesRepository,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    for (const { name, help, labels } of GAUGES) {
      this.metrics.gauge(name, help, labels, async (gauge) => {
        const rows = await inTime(this.rows(), SCRAPE_LIMIT_MS);
        gauge.reset();
        if (labels.length === 0) gauge.remove();
        for (const row of rows ?? []) if (row.gauge === name) gauge.set(labelsOf(row, labels), row.value);
      });
    }
  }

  private rows(): Promise<GaugeRow[]> {
    const { known } = this;
    if (known && this.clock.monotonicMs() - known.readAtMs < FRESH_MS) return Promise.resolve(known.rows);
    this.reading ??= this.read().finally(() => (this.reading = null));
    return this.reading;
  }

  private async read(): Promise<GaugeRow[]> {
    const rows = await this.gauges.read();
    this.known = { rows, readAtMs: this.clock.monotonicMs() };
    return rows;
  }
}

function labelsOf(row: GaugeRow, labels: readonly Label[]): Partial<Record<Label, string>> {
  return Object.fromEntries(labels.map((label) => [label, row[label] ?? '']));
}
