import 'reflect-metadata';
import { Global, Logger, Module } from '@nestjs/common';
import { z } from 'zod';
import { Config, readConfig } from '../../src/config/config.js';
import { NoIsolation } from '../../src/apps/isolated-worker.js';
import { DatabaseModule } from '../../src/database/database.module.js';
import { createHttpApp } from '../../src/http/http-app.js';
import { HttpModule } from '../../src/http/http.module.js';
import { OperationsApiModule } from '../../src/operations/operations.module.js';
import { QueueApiModule } from '../../src/queue/queue.module.js';
import { SweepsModule } from '../../src/sweeps/sweeps.module.js';
import { defineTask } from '../../src/tasks/define-task.js';
import { Isolation } from '../../src/tasks/isolation.js';
import { Handles, type TaskHandler, type TaskRun } from '../../src/tasks/task-handler.js';
import { completed, rejected } from '../../src/tasks/task-outcome.js';
import { provideTask } from '../../src/tasks/task-registry.js';
import { TasksApiModule, TasksModule, TasksWorkerModule } from '../../src/tasks/tasks.module.js';
import { WorkerIdentity } from '../../src/tasks/worker-identity.js';
import { TelemetryModule } from '../../src/telemetry/telemetry.module.js';

/** Ends as its payload says: `echo` completes, `refuse` is rejected, `hold` runs until it is stopped. */
const Act = defineTask({
  type: 'acts.perform',
  queue: 'acts',
  payload: z.object({ act: z.enum(['echo', 'refuse', 'hold']) }),
  result: z.object({ act: z.string() }),
});

@Handles(Act)
class ActHandler implements TaskHandler<typeof Act> {
  async handle({ payload: { act }, signal }: TaskRun<typeof Act>) {
    if (act === 'refuse') return rejected('document.unsupported', 'refused as asked');
    if (act === 'hold')
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    return completed({ act });
  }
}

/** The task and queue routes with one small task type, over the whole core; with a worker in the same process if named. */
export async function startTasksApi(environment: Readonly<Record<string, string>>, worker?: string) {
  const config = readConfig({
    AUTH_MODE: 'disabled',
    LOG_LEVEL: 'silent',
    SHUTDOWN_TIMEOUT: '1',
    ...environment,
  });
  const identity = new WorkerIdentity(worker ?? 'none', 'pool');
  @Global()
  @Module({
    imports: [TasksModule],
    providers: [
      { provide: Config, useValue: config },
      { provide: WorkerIdentity, useValue: identity },
      { provide: Isolation, useClass: NoIsolation },
      provideTask(Act),
    ],
    exports: [Config, WorkerIdentity, Isolation],
  })
  class SurroundingsModule {}
  @Module({
    imports: [
      SurroundingsModule,
      DatabaseModule,
      TelemetryModule,
      HttpModule,
      TasksApiModule,
      OperationsApiModule,
      QueueApiModule,
      ...(worker ? [SweepsModule, TasksWorkerModule] : []),
    ],
    providers: worker ? [ActHandler] : [],
  })
  class TasksApiApp {}
  Logger.overrideLogger(false);
  const app = await createHttpApp(TasksApiApp, config);
  await app.listen(0, '127.0.0.1');
  return { url: await app.getUrl(), incarnation: identity.incarnation, app, close: () => app.close() };
}
