import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../../src/database/database.js';
import { eventually } from '../support/eventually.js';
import type { IntakeProcess } from '../support/processes.js';

/** Where workers are looked for. */
export interface Workplace {
  readonly workers: readonly IntakeProcess[];
  readonly database: Pick<Database, 'query'>;
  /** As whom Postgres knows the sessions of a worker; others may go by the same name. */
  sessionsOf(worker: IntakeProcess): string;
}

/** What the worker that is looked for does. */
export interface Moment {
  /** A condition on the row `t` of a task that it holds. */
  work?: string;
  /** A condition on one of its sessions, a row `a` of `pg_stat_activity`. */
  session?: string;
}

const heldBy = (pid: string, work: string) => `
SELECT FROM tasks t JOIN workers w ON w.incarnation = t.worker_incarnation
WHERE t.status = 'processing' AND w.pid = ${pid} AND ${work}`;

/** `$1`: as whom Postgres knows the sessions of a worker; `$2`: its process. What `runs` may still commit. */
const seenIn = ({ work = 'true', session = 'true' }: Moment) => `
SELECT EXISTS (${heldBy('$2', work)}) AND bool_or(${session}) AS yes, bool_or(a.state = 'active') AS runs
FROM pg_stat_activity a WHERE a.application_name = $1`;

interface Seen {
  yes: boolean;
  runs: boolean;
}

/**
 * Stops one worker after the other that is seen in the middle of such work, until one can neither go on with it nor settle
 * it: that one stays stopped.
 */
export function stoppedAtWork(place: Workplace, moment: Moment = {}): Promise<IntakeProcess> {
  const look = async (worker: IntakeProcess): Promise<Seen> => {
    const [seen] = await place.database.query<Seen>(seenIn(moment), place.sessionsOf(worker), worker.pid);
    return seen ?? { yes: false, runs: true };
  };
  return eventually(
    async () => {
      for (const worker of place.workers)
        if ((await look(worker)).yes && (await staysIn(worker, look))) return worker;
      return null;
    },
    { timeoutMs: 120_000, everyMs: 1 },
  );
}

/** Until somebody else has taken away all that it held. */
export async function outlivedByItsWork({ database }: Workplace, { pid }: IntakeProcess): Promise<void> {
  const held = async () => (await database.query(heldBy('$1', 'true'), pid)).length;
  await eventually(async () => (await held()) === 0, { timeoutMs: 60_000 });
}

/** Stops it; it goes on unless it is still there, at once and when what was on its way has arrived. */
async function staysIn(
  worker: IntakeProcess,
  look: (worker: IntakeProcess) => Promise<Seen>,
): Promise<boolean> {
  process.kill(worker.pid, 'SIGSTOP');
  let stays = false;
  try {
    if (!(await look(worker)).yes) return false;
    await delay(300);
    const { yes, runs } = await look(worker);
    return (stays = yes && !runs);
  } finally {
    if (!stays) process.kill(worker.pid, 'SIGCONT');
  }
}
