import { setTimeout as delay } from 'node:timers/promises';
import { DISPATCH, LOCK_PICKED, PICK, WAKE } from '../../src/tasks/dispatch.sql.js';
import { LOSE, TIME_OUT } from '../../src/tasks/repair.sql.js';
import { outlivedByItsWork, stoppedAtWork, type Moment } from './at-work.js';
import { BOTH, LOST_ATTEMPTS, type Fault } from './fault.js';
import type { ChaosStack } from './stack.js';

/** Longer than the lease of a process. */
const PAST_THE_LEASE_MS = 15_000;

/** In the middle of a transaction that only a sweep opens, after one of its statements. */
const INSIDE_A_SWEEP = `
a.state = 'idle in transaction' AND left(a.query, 200) IN (
  ${[LOSE, TIME_OUT, WAKE, PICK, LOCK_PICKED, DISPATCH].map((sql) => `$sql$${sql.slice(0, 200)}$sql$`).join(', ')})`;

/** Sleeps, for its handler has said that it works, and has a while to go: it answers when it thaws, whatever it is told. */
const STUBBORN = `
(t.payload->>'stubborn')::boolean AND t.progress IS NOT NULL AND t.started_at > now() - interval '2.5 seconds'`;
const DOCUMENTS = `t.type = 'documents.process'`;

const REFUSED = `
SELECT count(*)::int AS n FROM task_events
WHERE kind = 'late_result_refused' AND detail->>'found' = 'lost' AND at >= $1::timestamptz`;

const LOST_DOCUMENTS = `
SELECT count(*)::int AS n FROM task_attempts a JOIN tasks t ON t.id = a.task_id
WHERE a.outcome = 'lost' AND a.finished_at >= $1::timestamptz AND ${DOCUMENTS}`;

export const PROCESS_FAULTS: readonly Fault[] = [
  {
    name: 'worker-killed',
    what: 'SIGKILL of a worker in the middle of its work; a new one starts',
    transports: BOTH,
    inject: async (stack) => void (await (await stoppedAtWork(stack)).kill('SIGKILL')),
    heal: (stack) => stack.restartDead(),
    traces: LOST_ATTEMPTS,
  },
  {
    name: 'document-worker-killed',
    what: 'SIGKILL of whichever worker reads a document, in the middle of it; a new one starts',
    transports: BOTH,
    inject: async (stack) => void (await (await stoppedAtWork(stack, { work: DOCUMENTS })).kill('SIGKILL')),
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
    what: 'SIGKILL of the API and of every worker at once, in the middle of work; all start again',
    transports: BOTH,
    inject: async (stack) => {
      await stoppedAtWork(stack);
      await Promise.all([stack.api, ...stack.workers].map((process) => process.kill('SIGKILL')));
    },
    heal: async (stack) =>
      void (await Promise.all([
        stack.startApi(),
        ...stack.workers.map((_, place) => stack.startWorker(place)),
      ])),
    traces: LOST_ATTEMPTS,
  },
  {
    name: 'worker-frozen',
    what: 'SIGSTOP of a worker in the middle of its work, past its lease, then SIGCONT: its late results are refused',
    transports: BOTH,
    inject: (stack) => freeze(stack, { work: STUBBORN }),
    traces: REFUSED,
  },
  {
    name: 'sweep-frozen',
    what: 'the same to a worker that is inside the transaction of a sweep too',
    transports: BOTH,
    inject: (stack) => freeze(stack, { work: STUBBORN, session: INSIDE_A_SWEEP }),
    traces: REFUSED,
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

/** Until the last of its work was taken away: what it says of it when it thaws is too late. */
async function freeze(stack: ChaosStack, moment: Moment): Promise<void> {
  const worker = await stoppedAtWork(stack, moment);
  await delay(PAST_THE_LEASE_MS);
  await outlivedByItsWork(stack, worker);
  process.kill(worker.pid, 'SIGCONT');
}
