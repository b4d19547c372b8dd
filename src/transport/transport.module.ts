// owns: the way from dispatch to workers: BullMQ, on Redis when it is configured, else on Postgres.
// promises: carries ids only; publishing fails fast; serving survives a restart of its server; closing never hangs.
// never: decides whether a task runs, holds a payload or a result, or is asked what became of a task.
import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { LazyModuleLoader, ModuleRef } from '@nestjs/core';
import type { ConnectionOptions } from 'bullmq';
import { Config } from '../config/config.js';
import { Clock } from '../kernel/clock.js';
import './bull-backends.js';
import { BullTransport } from './bull-transport.js';
import { PostgresTransport } from './postgres-transport.adapter.js';
import { RedisTransport } from './redis-transport.adapter.js';
import { Transport } from './transport.js';

@Module({
  providers: [
    {
      provide: BullTransport,
      inject: [Config, LazyModuleLoader, ModuleRef],
      useFactory: (config: Config, lazyModules: LazyModuleLoader, modules: ModuleRef) => {
        const surroundings = { config, clock: new Clock(), lazyModules, modules };
        return config.redis
          ? new RedisTransport(config.redis, surroundings)
          : new PostgresTransport(surroundings);
      },
    },
    { provide: Transport, useExisting: BullTransport },
  ],
  exports: [BullTransport, Transport],
})
class ConnectedTransportModule {}

@Module({
  imports: [
    ConnectedTransportModule,
    BullModule.forRootAsync({
      imports: [ConnectedTransportModule],
      inject: [BullTransport],
      useFactory: ({ connection }: BullTransport) => ({ connection: connection as ConnectionOptions }),
      // Workers start when `serve` is called, not when the application does.
      extraOptions: { manualRegistration: true },
    }),
  ],
  exports: [ConnectedTransportModule],
})
export class TransportModule {}
