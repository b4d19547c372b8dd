// owns: what Prometheus is told. promises: counts come from what tasks publish after their commit; a scrape ends
// within seconds whatever is down. never: asks how many rows a table has, or labels by id, tenant or URL.
import { Module } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import { TransportModule } from '../transport/transport.module.js';
import { VectorsModule } from '../vectors/vectors.module.js';
import { DependencyMetrics } from './dependency-metrics.js';
import { EmbeddingMetrics } from './embedding-metrics.js';
import { MetricsController } from './metrics.controller.js';
import { QueueGauges } from './queue-gauges.js';
import { QueueGaugesRepository } from './queue-gauges.repository.js';
import { TaskMetrics } from './task-metrics.js';
import { VectorMetrics } from './vector-metrics.js';

@Module({
  imports: [TransportModule, VectorsModule],
  controllers: [MetricsController],
  providers: [
    Clock,
    TaskMetrics,
    DependencyMetrics,
    EmbeddingMetrics,
    QueueGauges,
    QueueGaugesRepository,
    VectorMetrics,
  ],
})
export class MetricsModule {}
