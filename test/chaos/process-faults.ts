import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import type { IntakeProcess } from '../support/processes.js';
import { BOTH, LOST_ATTEMPTS, type Fault } from './fault.js';
import type { ChaosStack } from './stack.js';

/** Longer than the lease of a process. */
const PAST_THE_LEASE_MS = 15_000;

/** A session that waits in the middle of a transaction, under an advisory lock: a sweep's. `$1`: whose. */
const INSIDE_A_SWEEP = `
SELECT count(*)::int AS n FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid AND l.locktype = 'advisory' AND l.granted
WHERE a.application_name = $1 AND a.state = 'idle in transaction'`;

const READERS = `
SELECT w.pid FROM tasks t JOIN workers w ON w.incarnation = t.worker_incarnation
WHERE t.status = 'processing' AND t.type = 'documents.process'`;

const LOST_DOCUMENTS = `
SELECT count(*)::int AS n FROM task_attempts a JOIN tasks t ON t.id = a.task_id
WHERE a.outcome = 'lost' AND a.finished_at >= $1::timestamptz AND t.type = 'documents.process'`;

export const PROCESS_FAULTS: readonly Fault[] = [
  {
    name: 'worker-killed',
    what: 'SIGKILL of a worker; a new one starts',
    transports: BOTH,
    inject: async (stack) => void (await stack.worker(0).kill('SIGKILL')),
    heal: (stack) => stack.startWorker(0),
    traces: LOST_ATTEMPTS,
  },
  {
    name: 'document-worker-killed',
    what: 'SIGKILL of whichever worker reads a document, in the middle of it; a new one starts',
    transports: BOTH,
    inject: async (stack) => void (await (await readerOf(stack)).kill('SIGKILL')),
    heal: (stack) => stack.restartDead(),
    traces: LOST_DOCUMENTS,
  },
  {
    name: 'api-killed',
    what: 'SIGKILL of the API under requests; a new one starts on its port',
    transports: BOTH,
    inject: async (stack) => void (await stack.api.kill('SIGKILL')),
    heal: (stack) => stack.startApi(),
  },
  {
    name: 'all-killed',
    what: 'SIGKILL of the API and of every worker at once; all start again',
    transports: BOTH,
    inject: async (stack) =>
      void (await Promise.all([stack.api, ...stack.workers].map((process) => process.kill('SIGKILL')))),
    heal: async (stack) =>
      void (await Promise.all([
        stack.startApi(),
        ...stack.workers.map((_, place) => stack.startWorker(place)),
      ])),
    traces: LOST_ATTEMPTS,
  },
  {
    name: 'worker-frozen',
    what: 'SIGSTOP of a worker past its lease, then SIGCONT: its late results are refused',
    transports: BOTH,
    inject: async (stack) => {
      process.kill(stack.worker(1).pid, 'SIGSTOP');
      await delay(PAST_THE_LEASE_MS);
      process.kill(stack.worker(1).pid, 'SIGCONT');
    },
    traces: LOST_ATTEMPTS,
  },
  {
    name: 'sweep-frozen',
    what: 'SIGSTOP of a worker inside the transaction of a sweep, past its lease, then SIGCONT',
    transports: BOTH,
    inject: async (stack) => {
      await freezeInASweep(stack);
      await delay(PAST_THE_LEASE_MS);
      process.kill(stack.worker(1).pid, 'SIGCONT');
    },
    traces: LOST_ATTEMPTS,
  },
  {
    name: 'sweeps-racing',
    what: 'two more APIs and one more worker for a while: six of every sweep race',
    transports: BOTH,
    inject: async (stack, { last }) => {
      await Promise.all([stack.startExtra('api'), stack.startExtra('api'), stack.startExtra('worker')]);
      await last(20);
    },
    heal: (stack) => stack.stopExtras(),
  },
  {
    name: 'wrong-clock',
    what: 'two more workers for a while, whose clocks are five minutes fast and slow',
    transports: BOTH,
    inject: async (stack, { last }) => {
      await Promise.all([300_000, -300_000].map((shiftMs) => stack.startExtra('worker', shiftMs)));
      await last(20);
    },
    heal: (stack) => stack.stopExtras(),
  },
];

/** A worker that was stopped while it read a document, and cannot settle it any more. */
function readerOf(stack: ChaosStack): Promise<IntakeProcess> {
  const readers = async () => {
    const rows = await stack.database.query<{ pid: number }>(READERS);
    return stack.workers.filter(({ pid }) => rows.some((row) => row.pid === pid));
  };
  return eventually(
    async () => {
      const [reader] = await readers();
      if (!reader) return null;
      process.kill(reader.pid, 'SIGSTOP');
      await delay(300); // what was on its way arrives
      if ((await readers()).includes(reader)) return reader;
      process.kill(reader.pid, 'SIGCONT');
      return null;
    },
    { timeoutMs: 60_000, everyMs: 5 },
  );
}

/** Stops the worker again and again for a moment, until it is found holding a transaction that only a sweep opens. */
async function freezeInASweep(stack: ChaosStack): Promise<void> {
  const { pid } = stack.worker(1);
  await eventually(
    async () => {
      process.kill(pid, 'SIGSTOP');
      await delay(10);
      const [found] = await stack.database.query<{ n: number }>(INSIDE_A_SWEEP, 'chaos-worker-1');
      if (found && found.n > 0) return true;
      process.kill(pid, 'SIGCONT');
      return false;
    },
    { timeoutMs: 60_000, everyMs: 7 },
  );
}
