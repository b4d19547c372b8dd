import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { PlatformModule } from '../../src/apps/platform.module.js';
import { WorkerModule } from '../../src/apps/worker.module.js';
import { DiagnosticsModule, DiagnosticsWorkerModule } from '../../src/diagnostics/diagnostics.module.js';
import { DEFAULT_TENANT } from '../../src/kernel/tenant-scope.js';
import { taskClaimed, taskSettled } from '../../src/tasks/task-telemetry.js';
import { TasksModule } from '../../src/tasks/tasks.module.js';
import { TasksService } from '../../src/tasks/tasks.service.js';
import type { Side, SideOptions } from './side.js';

const SUBMITTER = { module: class Submitter {}, imports: [PlatformModule, TasksModule, DiagnosticsModule] };

/** Intake as it ships, in one process: durable rows, attempts, statistics, sweeps and all. */
export async function openIntake({
  databaseUrl,
  redisUrl,
  concurrency,
  onStart,
  onEnd,
}: SideOptions): Promise<Side> {
  Object.assign(process.env, {
    DATABASE_URL: databaseUrl,
    AUTH_MODE: 'disabled',
    LOG_LEVEL: 'error',
    MAX_QUEUE_SIZE: '0',
    WORKER_HEALTH_PORT: '0',
    ...(concurrency > 0 ? { WORKER_BATCH_SIZE: String(concurrency) } : {}),
    ...(redisUrl ? { REDIS_URL: redisUrl } : {}),
  });
  taskClaimed.subscribe(onStart);
  taskSettled.subscribe(onEnd);
  const root = concurrency > 0 ? WorkerModule.of([DiagnosticsWorkerModule]) : SUBMITTER;
  const app = await NestFactory.createApplicationContext(root, { logger: ['error'], abortOnError: false });
  const tasks = app.get(TasksService, { strict: false });
  const scope = { tenantId: DEFAULT_TENANT };
  return {
    submit: () => tasks.submit(scope, { type: 'diagnostics.echo', payload: {} }),
    close: () => app.close(),
  };
}
