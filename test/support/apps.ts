import 'reflect-metadata';
import type { INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IsolatedWorkerModule, WorkerModule } from '../../src/apps/worker.module.js';
import { PlatformModule } from '../../src/apps/platform.module.js';
import { Database } from '../../src/database/database.js';
import { DEFAULT_TENANT } from '../../src/kernel/tenant-scope.js';
import { TaskControlService } from '../../src/tasks/task-control.service.js';
import { TasksService } from '../../src/tasks/tasks.service.js';
import { TestHandlersModule, TestTasksModule } from './test-tasks.js';
import { eventually, freshDatabase, redisUrl, type TransportKind } from './stack.js';

export const scope = { tenantId: DEFAULT_TENANT };

/** Points this test file's process at a database and a transport of its own. */
export async function freshEnvironment(transport: TransportKind, variables: Record<string, string> = {}) {
  const database = await freshDatabase();
  const own: Record<string, string> = {
    DATABASE_URL: database.url,
    AUTH_MODE: 'disabled',
    LOG_LEVEL: 'error',
    WORKER_HEALTH_PORT: '0',
    WORKER_POLL_INTERVAL: '0.2',
    TASK_BACKOFF_MS: '20',
    SHUTDOWN_TIMEOUT: '5',
    INTAKE_SECRET_KEY: 'the secret key of a test environment',
    ...(transport === 'redis' ? { REDIS_URL: await redisUrl() } : {}),
    ...variables,
  };
  delete process.env.REDIS_URL;
  Object.assign(process.env, own);
  return { database, variables: own };
}

export const startWorker = () => start(WorkerModule.of([TestHandlersModule]));
export const startIsolated = () => start(IsolatedWorkerModule.of([TestHandlersModule]));
/** Submits and sweeps, runs nothing. @param more rooms beyond the core */
export const startSubmitter = (...more: Type[]) =>
  start({ module: class Submitter {}, imports: [PlatformModule, TestTasksModule, ...more] });

/** Any root module as a process of its own would be. */
export async function start(
  root: Parameters<typeof NestFactory.createApplicationContext>[0],
): Promise<TestApp> {
  const app = await NestFactory.createApplicationContext(root as Type, {
    logger: ['error'],
    abortOnError: false,
  });
  return new TestApp(app);
}

/** An Intake in this process, with what most tests ask of it. */
export class TestApp {
  constructor(readonly app: INestApplicationContext) {}

  get<T>(token: Type<T> | (abstract new (...args: never[]) => T)): T {
    return this.app.get(token, { strict: false });
  }

  get database(): Database {
    return this.get(Database);
  }

  async submit(
    payload: Record<string, unknown> = {},
    request: Record<string, unknown> = {},
  ): Promise<string> {
    const { answer } = await this.get(TasksService).submit(scope, {
      type: 'test.scripted',
      payload: payload as never,
      ...request,
    });
    return answer.task_id;
  }

  task(id: string) {
    return this.get(TaskControlService).get(scope, id);
  }

  /** Once a worker has it. */
  running(id: string) {
    return eventually(async () => (await this.task(id)).status === 'processing');
  }

  /** The task, once it is final. */
  settled(id: string, timeoutMs = 15_000) {
    return eventually(
      async () => {
        const task = await this.task(id);
        if (task.finished_at === null) throw new Error(`still ${task.status} after ${timeoutMs} ms`);
        return task;
      },
      { timeoutMs },
    );
  }

  /** The kinds of what stands in its history, oldest first. */
  async history(id: string): Promise<string[]> {
    return (await this.get(TaskControlService).history(scope, id, 1_000)).map(({ view }) => view.event);
  }

  close(): Promise<void> {
    return this.app.close();
  }
}
