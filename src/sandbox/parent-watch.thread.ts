/** A thread of a sandbox child: kills the child when the process that started it is gone, whatever its main thread does. */
import { workerData } from 'node:worker_threads';

const WATCH_MS = 1_000;

setInterval(() => {
  if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL');
}, WATCH_MS);
