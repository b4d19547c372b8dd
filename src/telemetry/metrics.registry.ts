import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** Every label there is. Bounded sets only: never an id, a tenant, a URL, a message. */
export type MetricLabel =
  'queue' | 'type' | 'outcome' | 'reason' | 'status' | 'kind' | 'method' | 'route' | 'stage' | 'backend';

const PREFIX = 'intake_';

/** What {@link Metrics.text} is written in. */
export const METRICS_CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/**
 * The process's metrics, in Prometheus' conventions: `intake_` is put before every name, durations are in seconds,
 * counters end in `_total`. A name is declared once; declaring it again is an error.
 */
@Injectable()
export class Metrics {
  private readonly registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  counter<Label extends MetricLabel = never>(
    name: `${string}_total`,
    help: string,
    labelNames: Label[] = [],
  ) {
    return new Counter<Label>({ name: PREFIX + name, help, labelNames, registers: [this.registry] });
  }

  /** @param collect sets the gauge when it is read; may ask the database */
  gauge<Label extends MetricLabel = never>(
    name: string,
    help: string,
    labelNames: Label[] = [],
    collect?: (gauge: Gauge<Label>) => void | Promise<void>,
  ) {
    return new Gauge<Label>({
      name: PREFIX + name,
      help,
      labelNames,
      registers: [this.registry],
      ...(collect
        ? {
            collect() {
              return collect(this);
            },
          }
        : {}),
    });
  }

  /** @param buckets upper bounds in seconds, rising */
  histogram<Label extends MetricLabel = never>(
    name: `${string}_seconds`,
    help: string,
    labelNames: Label[],
    buckets: number[],
  ) {
    return new Histogram<Label>({
      name: PREFIX + name,
      help,
      labelNames,
      buckets,
      registers: [this.registry],
    });
  }

  /** Prometheus' text format, version 0.0.4. */
  text(): Promise<string> {
    return this.registry.metrics();
  }
}
