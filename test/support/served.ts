import { Global, Module, type Type } from '@nestjs/common';
import { Config } from '../../src/config/config.js';
import { createHttpApp } from '../../src/http/http-app.js';
import { HttpModule } from '../../src/http/http.module.js';
import { TelemetryModule } from '../../src/telemetry/telemetry.module.js';

/** One controller on a port of its own, with nothing behind it. */
export async function served(controller: Type, config: Config) {
  @Global()
  @Module({ providers: [{ provide: Config, useValue: config }], exports: [Config] })
  class ConfigOnly {}
  @Module({ imports: [ConfigOnly, TelemetryModule, HttpModule], controllers: [controller] })
  class Served {}
  const app = await createHttpApp(Served, config);
  await app.listen(0, '127.0.0.1');
  return { app, origin: await app.getUrl() };
}
