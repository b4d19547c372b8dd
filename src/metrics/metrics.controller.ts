import { Controller, Get, Header } from '@nestjs/common';
import { Returns } from '../http/returns.decorator.js';
import { METRICS_CONTENT_TYPE, Metrics } from '../telemetry/metrics.registry.js';

@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  @Get()
  @Header('content-type', METRICS_CONTENT_TYPE)
  @Returns(200, null, { summary: 'This process in numbers, for Prometheus', contentType: 'text/plain' })
  text(): Promise<string> {
    return this.metrics.text();
  }
}
