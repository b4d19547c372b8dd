import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Logger } from 'nestjs-pino';
import { readConfig, type Config } from '../config/config.js';
import { Burst } from '../tasks/burst.js';
import { Heartbeat } from '../tasks/heartbeat.js';
import { taskStuck } from '../tasks/task-telemetry.js';
import { startTracing } from '../telemetry/tracing.js';
import { untilStopped } from './until-stopped.js';

const EXIT_DONE = 0;
const EXIT_FAILED = 1;
/** A worker whose handler does not stop ends itself: whoever supervises it starts a new one. */
const EXIT_STUCK = 70;
/** What a shutdown may take on top of SHUTDOWN_TIMEOUT before the process ends over its own head. */
const SHUTDOWN_GRACE_MS = 15_000;

/**
 * Runs a worker, or several processes of it, until it is told to stop, is drained, or a burst is over.
 * @param extraHandlers modules beside those that ship with Intake
 * @returns the exit code
 */
export async function run(extraHandlers: readonly Type[] = []): Promise<number> {
  const config = readConfig();
  if (config.workerProcesses > 1) return (await import('./worker-fleet.js')).runFleet(config);
  const stopped = untilStopped();
  const stopTracing = await startTracing(config, 'intake-worker');
  const [{ WorkerModule }, { HANDLER_MODULES }, { startOpsServer }] = await Promise.all([
    import('./worker.module.js'),
    import('./handler-modules.js'),
    import('./ops-server.js'),
  ]);
  const stuck = new Promise<number>((resolve) => taskStuck.subscribe(() => resolve(EXIT_STUCK)));
  const root = WorkerModule.of([...HANDLER_MODULES, ...extraHandlers]);
  const app = await NestFactory.createApplicationContext(root, { bufferLogs: true, abortOnError: false });
  app.useLogger(app.get(Logger));
  app.flushLogs();
  const ops = await startOpsServer(app, config);
  process.send?.({ serving: true });
  const asked = Promise.race([stopped, app.get(Heartbeat).drainAsked]).then(() => EXIT_DONE);
  const code = await Promise.race([asked, stuck, ...burstOf(config, app.get(Burst))]);
  setTimeout(() => process.exit(EXIT_STUCK), config.shutdownTimeoutMs + SHUTDOWN_GRACE_MS).unref();
  await app.close();
  ops?.close();
  await stopTracing();
  return code;
}

function burstOf({ burst }: Config, watch: Burst): Array<Promise<number>> {
  if (!burst) return [];
  return [watch.over().then(({ failed }) => (burst.strict && failed > 0 ? EXIT_FAILED : EXIT_DONE))];
}
