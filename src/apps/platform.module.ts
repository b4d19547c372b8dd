// owns: what every process stands on. promises: the same settings, log, database and housekeeping everywhere.
// never: decides what a process is for.
import { Module } from '@nestjs/common';
import { ConfigModule } from '../config/config.module.js';
import { DatabaseModule } from '../database/database.module.js';
import { HealthModule } from '../health/health.module.js';
import { BulkModule } from '../queue/bulk.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { SchedulesModule } from '../schedules/schedules.module.js';
import { SweepsModule } from '../sweeps/sweeps.module.js';
import { TelemetryModule } from '../telemetry/telemetry.module.js';
import { WebhooksModule } from '../webhooks/webhooks.module.js';

@Module({
  imports: [
    ConfigModule,
    TelemetryModule,
    DatabaseModule,
    SweepsModule,
    SchedulesModule,
    BulkModule,
    WebhooksModule,
    HealthModule,
    MetricsModule,
  ],
})
export class PlatformModule {}
