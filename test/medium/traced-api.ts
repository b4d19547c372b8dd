import { Controller, Get, Global, Module } from '@nestjs/common';
import { Config, readConfig } from '../../src/config/config.js';
import { createHttpApp } from '../../src/http/http-app.js';
import { HttpModule } from '../../src/http/http.module.js';
import { Returns } from '../../src/http/returns.decorator.js';
import { TelemetryModule } from '../../src/telemetry/telemetry.module.js';
import { continueTrace, currentTraceparent } from '../../src/telemetry/traceparent.js';

const config = readConfig({
  DATABASE_URL: 'postgres://db/intake',
  AUTH_MODE: 'disabled',
  LOG_LEVEL: 'info',
});

@Controller('api/trace')
class TraceController {
  @Get()
  @Returns(200, null, { summary: 'The trace of this request' })
  async trace() {
    const stored = currentTraceparent();
    const attributes = { 'messaging.destination.name': 'documents' };
    await continueTrace(stored, 'process documents', attributes, async () => {});
    const failing = continueTrace(stored, 'process images', attributes, () =>
      Promise.reject(new Error('broken')),
    );
    await failing.catch(() => undefined);
    return { stored };
  }
}

@Global()
@Module({ providers: [{ provide: Config, useValue: config }], exports: [Config] })
class TracedConfigModule {}

@Module({ imports: [TracedConfigModule, TelemetryModule, HttpModule], controllers: [TraceController] })
class TracedModule {}

export async function startTracedApi() {
  const app = await createHttpApp(TracedModule, config);
  await app.listen(0, '127.0.0.1');
  return { url: await app.getUrl(), close: () => app.close() };
}
