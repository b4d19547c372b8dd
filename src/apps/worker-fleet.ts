import { environment, type Config } from '../config/config.js';
import { SupervisedProcess } from './supervised-process.js';
import { untilStopped } from './until-stopped.js';
import { workerEntry } from './worker-entry.js';

/** What draining may take on top of SHUTDOWN_TIMEOUT before a child is killed. */
const STOP_GRACE_MS = 20_000;
/** A burst in which a task failed is over all the same. */
const BURST_FAILED = 1;

/**
 * Several worker processes as one: each has a name and a health port of its own and is started again when it fails. A
 * child that was drained stays down; the death of this process ends them all.
 * @returns the exit code once it was told to stop, or no child is left
 * @throws Error when one of them cannot start
 */
export async function runFleet(config: Config): Promise<number> {
  const fleet = Array.from({ length: config.workerProcesses }, (_, at) => oneOf(config, at));
  const stopped = untilStopped((code) => {
    for (const child of fleet) child.kill();
    process.exit(code);
  });
  try {
    await Promise.race([Promise.all(fleet.map((child) => child.start())), stopped]);
    process.send?.({ serving: true });
    const ended = Promise.all(fleet.map(({ done }) => done));
    return Math.max(0, ...(await Promise.race([ended, stopped.then(() => [])])));
  } finally {
    await Promise.all(fleet.map((child) => child.stop(config.shutdownTimeoutMs + STOP_GRACE_MS)));
  }
}

function oneOf({ workerName, workerHealthPort, burst }: Config, at: number): SupervisedProcess {
  const name = `${workerName}-${at + 1}`;
  return new SupervisedProcess({
    name,
    entry: workerEntry(),
    verdicts: burst?.strict ? [BURST_FAILED] : [],
    environment: {
      ...environment(),
      WORKER_PROCESSES: '1',
      WORKER_ID: name,
      ...(workerHealthPort ? { WORKER_HEALTH_PORT: String(workerHealthPort + at) } : {}),
    },
  });
}
