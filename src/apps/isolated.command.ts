import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Logger } from 'nestjs-pino';
import { setTimeout as delay } from 'node:timers/promises';
import { Heartbeat } from '../tasks/heartbeat.js';
import { RunningAttempts } from '../tasks/running-attempts.js';
import { TaskExecutor } from '../tasks/task-executor.js';
import { taskStuck } from '../tasks/task-telemetry.js';
import { WorkerIdentity } from '../tasks/worker-identity.js';
import { ignoring } from '../telemetry/ignoring.js';
import type { Delivery } from '../transport/transport.js';
import type { IsolatedMessage } from './isolated-child.js';
import { untilStopped } from './until-stopped.js';

/** How long a parent that hung up leaves its child to settle. */
const FAREWELL_MS = 60_000;

/** The child of a worker: runs the suspects that its parent sends, one at a time, until the parent hangs up. */
export async function run(extraHandlers: readonly Type[] = []): Promise<number> {
  const [{ IsolatedWorkerModule }, { HANDLER_MODULES }] = await Promise.all([
    import('./worker.module.js'),
    import('./handler-modules.js'),
  ]);
  const root = IsolatedWorkerModule.of([...HANDLER_MODULES, ...extraHandlers]);
  const app = await NestFactory.createApplicationContext(root, { bufferLogs: true, abortOnError: false });
  app.useLogger(app.get(Logger));
  app.flushLogs();
  const heartbeat = app.get(Heartbeat);
  await heartbeat.start({ queues: [], concurrency: 1, lanes: {} });
  process.on('message', (delivery: Delivery) => void execute(app.get(TaskExecutor), delivery));
  tell({ ready: app.get(WorkerIdentity).incarnation });
  // A handler that does not stop would run beside the next suspect: that one gets a fresh process.
  const stuck = new Promise<void>((resolve) => taskStuck.subscribe(() => resolve()));
  await Promise.race([untilStopped(), stuck]);
  app.get(RunningAttempts).stopAll('shutdown');
  await Promise.race([app.get(RunningAttempts).idle(), delay(FAREWELL_MS)]);
  await heartbeat.stop();
  await app.close();
  return 0;
}

/** A delivery that could not even be claimed comes again; the process must not die of it, for that names a culprit. */
async function execute(executor: TaskExecutor, delivery: Delivery): Promise<void> {
  await ignoring(executor.execute(delivery), 'the reconciler brings the task back');
  tell({ done: true });
}

function tell(message: IsolatedMessage): void {
  if (process.connected) process.send?.(message);
}
