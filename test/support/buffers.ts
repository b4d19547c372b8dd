import type { Database } from '../../src/database/database.js';
import type { Tx } from '../../src/database/transaction.js';
import { newId } from '../../src/kernel/ids.js';
import * as claim from '../../src/tasks/claim.sql.js';
import * as dispatch from '../../src/tasks/dispatch.sql.js';
import * as locks from '../../src/tasks/locks.sql.js';
import * as settle from '../../src/tasks/settle.sql.js';

const AGING_S = 3_600;
const SETTLEMENT = { event: 'complete', target: 'completed', outcome: 'completed', spends: 1, returns: 0 };

/** Final tasks of a day ago. $1: how many; $2: how many there are. */
export const HISTORY = `
INSERT INTO tasks (id, tenant_id, type, queue, status, priority, rank_at, payload, max_attempts, backoff, timeout_ms,
  epoch, created_at, queued_at, started_at, finished_at, worker_incarnation, external_id, attempts)
SELECT gen_random_uuid(), 'default', 'test.scripted', 'default', (ARRAY['completed','failed','cancelled'])[1 + n % 3], 1,
  now() - interval '1 day', '{}', 3, '{}', 1000, 1, now() - interval '1 day', now() - interval '1 day',
  now() - interval '1 day', now(), gen_random_uuid(), 'old-' || $2::int + n, 1
FROM generate_series(1, $1::int) AS n`;

class Undo extends Error {}

/** Runs the work in a transaction that leaves nothing behind. */
export async function undone<T>(database: Database, work: (tx: Tx) => Promise<T>): Promise<T> {
  const answers: T[] = [];
  const outcome = database.transaction(async (tx) => {
    answers.push(await work(tx));
    throw new Undo();
  });
  await outcome.catch((error: unknown) => {
    if (!(error instanceof Undo)) throw error;
  });
  return answers.at(-1) as T;
}

/** A step of a plan, as EXPLAIN says it in JSON. */
interface PlanNode {
  'Node Type': string;
  'Index Name'?: string;
  'Shared Hit Blocks'?: number;
  'Shared Read Blocks'?: number;
  Plans?: PlanNode[];
}

/** Runs a statement and tells how it was done; what it changes stays in the transaction. */
export async function planOf(
  database: Database,
  tx: Tx,
  text: string,
  ...parameters: unknown[]
): Promise<PlanNode> {
  const explain = `EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ${text}`;
  const [row] = await database.queryIn<{ 'QUERY PLAN': Array<{ Plan: PlanNode }> }>(
    tx,
    explain,
    ...parameters,
  );
  return row['QUERY PLAN'][0].Plan;
}

/** The steps of a plan, outermost first. */
export function stepsOf(plan: PlanNode): PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(stepsOf)];
}

/** Runs a statement and tells how many shared buffers it touched; what it changes stays in the transaction. */
export async function buffersOf(
  database: Database,
  tx: Tx,
  text: string,
  ...parameters: unknown[]
): Promise<number> {
  return touched(await planOf(database, tx, text, ...parameters));
}

export function touched(plan: PlanNode): number {
  return (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0);
}

export type Buffers = Record<
  'pick' | 'lock picked' | 'dispatch' | 'lock claims' | 'claim' | 'lock' | 'settle',
  number
>;

/** What it takes to bring the next pending rows of a queue from dispatch to settlement, each step in its own transaction. */
async function lifeOf(database: Database, queue: string): Promise<{ rows: number; buffers: Buffers }> {
  const buffers = {} as Buffers;
  const step = (
    work: (
      run: (name: keyof Buffers, text: string, ...parameters: unknown[]) => Promise<void>,
      tx: Tx,
    ) => Promise<void>,
  ) =>
    database.transaction((tx) =>
      work(async (name, text, ...parameters) => {
        buffers[name] = await buffersOf(database, tx, text, ...parameters);
      }, tx),
    );
  let rows: Array<{ id: string; at: string }> = [];
  await step(async (run, tx) => {
    await run('pick', dispatch.PICK, queue);
    rows = await database.queryIn(tx, dispatch.PICK, queue);
    const picked = JSON.stringify(rows.map(({ id, at }, place) => ({ id, at, place })));
    await run('lock picked', dispatch.LOCK_PICKED, picked);
    await run('dispatch', dispatch.DISPATCH, picked, queue, AGING_S);
  });
  const claims = rows.map(({ id }) => ({ id, queue, epoch: 1, token: newId() }));
  await step(async (run) => {
    await run('lock claims', claim.LOCK_CLAIMS, JSON.stringify(claims));
    await run('claim', claim.CLAIM, JSON.stringify(claims), newId(), false);
  });
  await step(async (run) => {
    await run(
      'lock',
      locks.LOCK_TASKS,
      claims.map(({ id }) => id),
    );
    await run(
      'settle',
      settle.SETTLE,
      JSON.stringify(claims.map((lease) => ({ ...lease, ...SETTLEMENT }))),
      AGING_S,
    );
  });
  return { rows: rows.length, buffers };
}

/** The least that each step touched in some rounds: a split of an index page now and then says nothing of its depth. */
export async function buffersPerRow(database: Database, queue: string, rounds: number) {
  const lives: Array<Awaited<ReturnType<typeof lifeOf>>> = [];
  for (let round = 0; round < rounds; round += 1) lives.push(await lifeOf(database, queue));
  const least = (...names: Array<keyof Buffers>) =>
    Math.min(...lives.map(({ rows, buffers }) => names.reduce((sum, name) => sum + buffers[name], 0) / rows));
  return {
    dispatch: least('pick', 'lock picked', 'dispatch'),
    claim: least('lock claims', 'claim'),
    settle: least('lock', 'settle'),
  };
}
