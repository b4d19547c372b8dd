import 'reflect-metadata';
import { Global, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Config, readConfig } from '../../src/config/config.js';
import { TransportModule } from '../../src/transport/transport.module.js';
import { Transport } from '../../src/transport/transport.js';

export type Environment = Readonly<Record<string, string>>;

export interface TransportApp {
  transport: Transport;
  close(): Promise<void>;
}

/** An application with nothing but the transport: a publisher until it serves. */
export async function openTransport(environment: Environment): Promise<TransportApp> {
  const config = readConfig({ AUTH_MODE: 'disabled', SHUTDOWN_TIMEOUT: '5', ...environment });
  @Global()
  @Module({ providers: [{ provide: Config, useValue: config }], exports: [Config] })
  class SettingsModule {}
  @Module({ imports: [SettingsModule, TransportModule] })
  class TransportAppModule {}
  Logger.overrideLogger(false);
  const app = await NestFactory.createApplicationContext(TransportAppModule, { logger: false });
  return { transport: app.get(Transport), close: () => app.close() };
}
