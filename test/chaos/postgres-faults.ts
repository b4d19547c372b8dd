import { writeFileSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import { BOTH, type Fault } from './fault.js';
import type { Step } from './postgres-wire.js';
import type { ChaosStack } from './stack.js';

/** Longer than the lease of a process, and than what anybody would notice by being late. */
const PAST_THE_LEASE_MS = 15_000;
const REPLIES = 3;
const MARKS_OF_WORK = ['queued_at', 'started_at', 'rank_at'];

export const POSTGRES_FAULTS: readonly Fault[] = [
  {
    name: 'postgres-crashing',
    what: 'immediate shutdown of Postgres every four seconds, three times',
    transports: BOTH,
    inject: async (stack) => {
      for (let time = 0; time < 3; time += 1) {
        await stack.stopPostgresAtOnce();
        await stack.startPostgres();
        await delay(4_000);
      }
    },
    sparesInnocents: true,
  },
  {
    name: 'postgres-killed',
    what: 'SIGKILL of Postgres and of all its sessions; it starts again and recovers',
    transports: BOTH,
    inject: (stack) => stack.killPostgres(),
    heal: (stack) => stack.startPostgres(),
    sparesInnocents: true,
  },
  {
    name: 'postgres-down',
    what: 'no Postgres for a minute: nobody may count as dead for it',
    transports: BOTH,
    inject: async (stack, { last }) => {
      await stack.stopPostgresAtOnce();
      await last(60);
    },
    heal: (stack) => stack.startPostgres(),
    sparesInnocents: true,
  },
  {
    name: 'postgres-frozen',
    what: 'SIGSTOP of Postgres with all its sessions past every lease, then SIGCONT',
    transports: BOTH,
    inject: async (stack) => {
      stack.signalPostgres('SIGSTOP');
      await delay(PAST_THE_LEASE_MS);
      stack.signalPostgres('SIGCONT');
    },
    sparesInnocents: true,
  },
  {
    name: 'postgres-half-open',
    what: 'a wire to Postgres that carries nothing and hangs up on nobody, then carries again',
    transports: BOTH,
    inject: async (stack, { last }) => {
      stack.wire.cut();
      await last(25);
    },
    heal: async (stack) => stack.wire.mend(),
    sparesInnocents: true,
  },
  ...(['submit', 'claim', 'settle'] as const).map(lostReplies),
  {
    name: 'times-moved',
    what: 'the stored times of live work and of workers five minutes older, and a while later five minutes younger',
    transports: BOTH,
    inject: async (stack) => {
      await moveTimes(stack, '-5 minutes', [...MARKS_OF_WORK, 'run_at', 'expires_at', 'deadline_at']);
      await delay(5_000);
      // But for what is due: it would wait five minutes, as it should.
      await moveTimes(stack, '5 minutes', MARKS_OF_WORK);
    },
  },
  {
    name: 'disk-full',
    what: 'no space left in the storage for ten seconds: uploads hear 503, the rest goes on',
    transports: BOTH,
    missing: ({ hasOwnDisk }) =>
      hasOwnDisk ? null : 'a disk of its own cannot be mounted here (it takes root)',
    inject: async (stack) => {
      fill(stack);
      await delay(10_000);
    },
    heal: async (stack) => rmSync(fillerOf(stack)),
  },
];

function lostReplies(step: Step): Fault {
  return {
    name: `${step}-reply-lost`,
    what: `a ${step} commits, and the connection breaks before anybody hears of it; ${REPLIES} times`,
    transports: BOTH,
    inject: async ({ wire }) => {
      const before = wire.lost;
      wire.loseReplies(step, REPLIES);
      await eventually(() => wire.lost >= before + REPLIES, { timeoutMs: 30_000 });
    },
  };
}

/** As if the clock of Postgres had been set: rows in the order in which everybody locks them. */
async function moveTimes({ database }: ChaosStack, by: string, columns: readonly string[]): Promise<void> {
  const shifted = (names: readonly string[]) =>
    names.map((name) => `${name} = ${name} + $1::interval`).join(', ');
  await database.transaction(async (tx) => {
    await database.queryIn(
      tx,
      `SELECT id FROM tasks WHERE finished_at IS NULL ORDER BY id FOR NO KEY UPDATE`,
    );
    await database.executeIn(tx, `UPDATE tasks SET ${shifted(columns)} WHERE finished_at IS NULL`, by);
    await database.executeIn(tx, `UPDATE workers SET ${shifted(['started_at', 'last_seen_at'])}`, by);
  });
}

function fill(stack: ChaosStack): void {
  const { bavail, bsize } = statfsSync(stack.storageRoot);
  try {
    writeFileSync(fillerOf(stack), Buffer.alloc(bavail * bsize));
  } catch (error) {
    // An upload took some of it in between: it is full all the same.
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

const fillerOf = ({ storageRoot }: ChaosStack) => join(storageRoot, 'filler');
