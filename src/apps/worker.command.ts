import { setTimeout as delay } from 'node:timers/promises';
import type { INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Logger } from 'nestjs-pino';
import { readConfig, type Config } from '../config/config.js';
import { Burst } from '../tasks/burst.js';
import { Heartbeat } from '../tasks/heartbeat.js';
import { taskStuck } from '../tasks/task-telemetry.js';
import { createLogger } from '../telemetry/logger.js';
import { startTracing } from '../telemetry/tracing.js';
import { untilStopped } from './until-stopped.js';

const EXIT_DONE = 0;
const EXIT_FAILED = 1;
/** A worker whose handler does not stop ends itself: whoever supervises it starts a new one. */
const EXIT_STUCK = 70;
/** What a shutdown may take on top of SHUTDOWN_TIMEOUT before the process ends over its own head. */
const SHUTDOWN_GRACE_MS = 15_000;

/** A start that takes longer waits for Postgres, and says so. */
const SLOW_START_MS = 5_000;
/** What a start may still take to its end once it is told to stop, so that it leaves the list of workers. */
const ABANDON_START_MS = 3_000;

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
  const app = await started(
    NestFactory.createApplicationContext(root, { bufferLogs: true, abortOnError: false }),
    stopped,
    config,
  );
  if (!app) return EXIT_DONE;
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

/** @returns `null` when the process was told to stop while it still waited for Postgres */
async function started(
  starting: Promise<INestApplicationContext>,
  stopped: Promise<void>,
  config: Config,
): Promise<INestApplicationContext | null> {
  const slow = setTimeout(() => void sayThatItWaits(config), SLOW_START_MS);
  try {
    return await Promise.race([starting, stopped.then(() => delay(ABANDON_START_MS, null))]);
  } finally {
    clearTimeout(slow);
  }
}

/** The application's own log holds its lines back until the start is over. */
async function sayThatItWaits(config: Config): Promise<void> {
  const logger = await createLogger(config);
  logger.warn({ context: 'Worker', msg: 'waits for Postgres; takes no task until it answers' });
}

function burstOf({ burst }: Config, watch: Burst): Array<Promise<number>> {
  if (!burst) return [];
  return [watch.over().then(({ failed }) => (burst.strict && failed > 0 ? EXIT_FAILED : EXIT_DONE))];
}
