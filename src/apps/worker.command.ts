import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Logger } from 'nestjs-pino';
import { readConfig } from '../config/config.js';
import { taskStuck } from '../tasks/task-telemetry.js';
import { startTracing } from '../telemetry/tracing.js';
import { untilStopped } from './until-stopped.js';

/** A worker whose handler does not stop ends itself: whoever supervises it starts a new one. */
const EXIT_STUCK = 70;

/**
 * Runs a worker until it is told to stop.
 * @param extraHandlers modules beside those that ship with Intake
 * @returns the exit code
 */
export async function run(extraHandlers: readonly Type[] = []): Promise<number> {
  const config = readConfig();
  const stopTracing = await startTracing(config, 'intake-worker');
  const [{ WorkerModule }, { HANDLER_MODULES }] = await Promise.all([
    import('./worker.module.js'),
    import('./handler-modules.js'),
  ]);
  const root = WorkerModule.of([...HANDLER_MODULES, ...extraHandlers]);
  const app = await NestFactory.createApplicationContext(root, { bufferLogs: true, abortOnError: false });
  app.useLogger(app.get(Logger));
  app.flushLogs();
  const { startOpsServer } = await import('./ops-server.js');
  const ops = await startOpsServer(app, config);
  process.send?.({ serving: true });
  const stuck = new Promise<'stuck'>((resolve) => taskStuck.subscribe(() => resolve('stuck')));
  const why = await Promise.race([untilStopped(), stuck]);
  await app.close();
  ops?.close();
  await stopTracing();
  return why === 'stuck' ? EXIT_STUCK : 0;
}
