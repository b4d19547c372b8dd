// owns: the log and the metric registry of the process. promises: lines carry request, task and trace ids; secrets
// never reach them; labels are bounded. never: knows what a task, a document or a tenant is.
import { Global, Module } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import { Config } from '../config/config.js';
import { createLogger } from './logger.js';
import { Metrics } from './metrics.registry.js';

/** nestjs-pino serves as Nest's logger only: its request middleware stays off, `http` writes one line a request. */
const Logging = LoggerModule.forRootAsync({
  imports: [],
  providers: [],
  inject: [Config],
  useFactory: async (config: Config) => ({
    pinoHttp: { logger: await createLogger(config) },
    useExisting: true as const,
    forRoutes: [],
  }),
});

@Global()
@Module({ imports: [Logging], providers: [Metrics], exports: [Metrics, Logging] })
export class TelemetryModule {}
