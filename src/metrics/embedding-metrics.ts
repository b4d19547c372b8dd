import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { embeddingEnded } from '../engines/embeddings/embedding-telemetry.js';
import { Metrics } from '../telemetry/metrics.registry.js';

/** From one picture on an idle thread to a long document through a slow service. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** How long texts and pictures wait for their vectors, by the model that makes them. */
@Injectable()
export class EmbeddingMetrics implements OnModuleInit, OnModuleDestroy {
  private unsubscribe: () => void = () => {};

  constructor(private readonly metrics: Metrics) {}

  onModuleInit(): void {
    const durations = this.metrics.histogram(
      'embedding_duration_seconds',
      'From the call of an embedder to its vectors, waiting for other callers included',
      ['kind', 'backend', 'outcome'],
      BUCKETS,
    );
    this.unsubscribe = embeddingEnded.subscribe(({ kind, backend, outcome, durationMs }) =>
      durations.observe({ kind, backend, outcome }, durationMs / 1_000),
    );
  }

  onModuleDestroy(): void {
    this.unsubscribe();
  }
}
