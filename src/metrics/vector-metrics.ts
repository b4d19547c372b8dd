import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Metrics } from '../telemetry/metrics.registry.js';
import { vectorRequested, vectorsWritten } from '../vectors/vector-telemetry.js';

/** Seconds, from 1 ms to the time at which a request is given up. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Counts vectors and times the requests to the database that keeps them. */
@Injectable()
export class VectorMetrics implements OnModuleInit, OnModuleDestroy {
  private subscriptions: Array<() => void> = [];

  constructor(private readonly metrics: Metrics) {}

  onModuleInit(): void {
    const written = this.metrics.counter('vectors_written_total', 'Vectors handed to where they are kept', [
      'backend',
    ]);
    const requests = this.metrics.histogram(
      'vector_request_seconds',
      'Requests to the vector database, each try for itself',
      ['kind', 'outcome'],
      BUCKETS,
    );
    this.subscriptions = [
      vectorsWritten.subscribe(({ backend, points }) => written.inc({ backend }, points)),
      vectorRequested.subscribe(({ kind, outcome, durationMs }) =>
        requests.observe({ kind, outcome }, durationMs / 1_000),
      ),
    ];
  }

  onModuleDestroy(): void {
    for (const unsubscribe of this.subscriptions) unsubscribe();
  }
}
