// owns: the composition of worker processes. promises: every handler, no route; a pool worker takes deliveries, an
// isolated one runs the one suspect that its parent hands it. never: holds logic of its own.
import { Global, Module, type DynamicModule, type Type } from '@nestjs/common';
import { Config } from '../config/config.js';
import { ConfigModule } from '../config/config.module.js';
import { DatabaseModule } from '../database/database.module.js';
import { Isolation } from '../tasks/isolation.js';
import { TaskExecutionModule, TasksModule, TasksWorkerModule } from '../tasks/tasks.module.js';
import { WorkerIdentity } from '../tasks/worker-identity.js';
import { TelemetryModule } from '../telemetry/telemetry.module.js';
import { WebhooksModule } from '../webhooks/webhooks.module.js';
import { IsolatedWorker, NoIsolation } from './isolated-worker.js';
import { PlatformModule } from './platform.module.js';

const identity = (kind: 'pool' | 'isolated') => ({
  provide: WorkerIdentity,
  inject: [Config],
  useFactory: ({ workerName }: Config) => new WorkerIdentity(workerName, kind),
});

@Global()
@Module({
  imports: [TasksModule],
  providers: [identity('pool'), { provide: Isolation, useClass: IsolatedWorker }],
  exports: [WorkerIdentity, Isolation],
})
class PoolIdentityModule {}

@Global()
@Module({
  imports: [TasksModule],
  providers: [identity('isolated'), { provide: Isolation, useClass: NoIsolation }],
  exports: [WorkerIdentity, Isolation],
})
class IsolatedIdentityModule {}

@Module({})
export class WorkerModule {
  /** @param handlers modules that provide task handlers */
  static of(handlers: readonly Type[]): DynamicModule {
    return {
      module: WorkerModule,
      imports: [PlatformModule, PoolIdentityModule, TasksWorkerModule, ...handlers],
    };
  }
}

@Module({})
export class IsolatedWorkerModule {
  static of(handlers: readonly Type[]): DynamicModule {
    const base = [
      ConfigModule,
      TelemetryModule,
      DatabaseModule,
      WebhooksModule,
      IsolatedIdentityModule,
      TaskExecutionModule,
    ];
    return { module: IsolatedWorkerModule, imports: [...base, ...handlers] };
  }
}
