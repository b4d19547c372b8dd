import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Logger } from 'nestjs-pino';
import type { Config } from '../config/config.js';
import { Metrics } from '../telemetry/metrics.registry.js';
import { createHttpAdapter } from './http-adapter.js';
import { serveDocs } from './openapi.js';
import { observeRequests } from './request-hooks.js';

/**
 * An HTTP application that is ready to listen: problems, request ids, logs, metrics, documentation, security headers.
 * @param root must import ConfigModule, TelemetryModule and HttpModule
 */
export async function createHttpApp(
  root: Type | DynamicModule,
  config: Config,
): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(root, createHttpAdapter(config), {
    bodyParser: false,
    bufferLogs: true,
    abortOnError: false,
  });
  configureHttp(app);
  return app;
}

/** Everything about HTTP that needs the application's own services. Call before `listen` or `init`. */
export function configureHttp(app: NestFastifyApplication): void {
  app.useLogger(app.get(Logger));
  app.flushLogs();
  app.useSecurityHeaders({
    strictTransportSecurity: false,
    contentSecurityPolicy: {
      directives: {
        styleSrc: ["'self'", "'unsafe-inline'"],
        fontSrc: ["'self'"],
        upgradeInsecureRequests: null,
      },
    },
  });
  observeRequests(app.getHttpAdapter().getInstance(), app.get(Metrics));
  serveDocs(app);
}
