import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.js';
import { Database } from '../../src/database/database.js';
import { newId } from '../../src/kernel/ids.js';
import { rejected, completed, snoozed } from '../../src/tasks/task-outcome.js';
import { decide, type Ending } from '../../src/tasks/settlement.js';
import type { Lease, NewTask } from '../../src/tasks/task-rows.js';
import { DependenciesRepository } from '../../src/tasks/dependencies.repository.js';
import { Submissions } from '../../src/tasks/submissions.js';
import { TaskEnds } from '../../src/tasks/task-ends.js';
import { TaskObservers } from '../../src/tasks/task-observers.js';
import { TasksRepository } from '../../src/tasks/tasks.repository.js';
import { inconsistencies } from '../support/consistency.js';
import { freshDatabase, type TestDatabase } from '../support/stack.js';

const WRITERS = 8;
const TASKS = 60;
const ROUNDS = 200;
const QUEUE = 'default';
const BACKOFF = { base_ms: 1, factor: 1, max_ms: 1, jitter: 0 };
const DEAD_WORKER = `
INSERT INTO workers (incarnation, name, kind, host, pid, version, queues, types, concurrency, status)
VALUES ($1::uuid, 'dying', 'isolated', 'here', 1, '0', '{}', '{}', 1, 'lost')`;
const ENDINGS: Ending[] = [
  { kind: 'returned', outcome: completed(null) },
  { kind: 'returned', outcome: snoozed(0) },
  { kind: 'returned', outcome: rejected('document.corrupt', 'says the dice') },
  { kind: 'threw', error: new Error('says the dice') },
  { kind: 'timed_out', timeoutMs: 1 },
  { kind: 'interrupted' },
];

/** Repeatable dice: a failure names its seed. */
class Dice {
  constructor(private state: number) {}

  /** @returns a whole number from 0, below `sides` */
  roll(sides: number): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * sides);
  }

  some<T>(of: readonly T[], most: number): T[] {
    const shuffled = of.map((item) => ({ item, at: this.roll(1_000_000) })).toSorted((a, b) => a.at - b.at);
    return shuffled.slice(0, 1 + this.roll(most)).map(({ item }) => item);
  }
}

/** One process's worth of hands on the rows: what it does next is up to the dice. */
class Writer {
  readonly incarnation = newId();
  private leases: Lease[] = [];
  private readonly tasks: TasksRepository;
  private readonly dependencies: DependenciesRepository;

  constructor(
    readonly database: Database,
    private readonly ids: readonly string[],
    private readonly dice: Dice,
    /** Whatever it holds may be taken away at any time: its process, an isolated one, is known to be dead. */
    private readonly isDying: boolean,
  ) {
    ({ tasks: this.tasks, dependencies: this.dependencies } = repositoriesOn(database));
  }

  async work(): Promise<void> {
    const acts = [
      () => this.claim(),
      () => this.claim(),
      () => this.settle(),
      () => this.settle(),
      () => this.progress(),
      () => this.database.transaction((tx) => this.tasks.cancel(tx, this.dice.some(this.ids, 3))),
      () => this.database.transaction((tx) => this.tasks.replay(tx, this.dice.some(this.ids, 3))),
      () => this.database.transaction((tx) => this.tasks.dispatch(tx, QUEUE)),
      () => this.database.transaction((tx) => this.tasks.dispatch(tx, QUEUE)),
      () => this.database.transaction((tx) => this.tasks.wake(tx, 500)),
      () => this.redispatch(),
      () => this.submit(),
      () => this.database.transaction((tx) => this.tasks.timeOut(tx, 0)),
      () => this.database.transaction((tx) => this.tasks.expire(tx, 500)),
      () => this.database.transaction((tx) => this.dependencies.resolveNews(tx, 500)),
      () => this.database.transaction((tx) => this.dependencies.resolveNews(tx, 500)),
      () =>
        this.database.transaction((tx) =>
          this.tasks.revise(tx, this.dice.some(this.ids, 1)[0] ?? '', { priority: this.dice.roll(10) }),
        ),
      () => this.database.transaction((tx) => this.tasks.lose(tx, 12, 500)),
    ];
    if (this.isDying) await this.database.query(DEAD_WORKER, this.incarnation);
    for (let round = 0; round < ROUNDS; round += 1) await acts[this.dice.roll(acts.length)]?.();
  }

  /** Of all that there are: a queued row that nobody takes would hold up its queue. */
  private async rows(): Promise<Array<{ id: string; epoch: number }>> {
    return this.database.query(
      'SELECT id, epoch FROM tasks ORDER BY random() LIMIT $1',
      1 + this.dice.roll(40),
    );
  }

  private async claim(): Promise<void> {
    const leases = (await this.rows()).map((row) => ({ ...row, queue: QUEUE, token: newId() }));
    const by = { incarnation: this.incarnation, suspects: this.isDying };
    const claimed = await this.database.transaction((tx) => this.tasks.claim(tx, leases, by));
    const mine = new Set(claimed.flatMap(({ verdict, token }) => (verdict === 'claimed' ? [token] : [])));
    this.leases.push(...leases.filter(({ token }) => mine.has(token)));
  }

  private async settle(): Promise<void> {
    const leases = this.dice.some(this.leases, 40);
    if (leases.length === 0) return;
    const accounts = {
      attempts: 0,
      maxAttempts: 9,
      returns: 0,
      backoff: { baseMs: 1, factor: 1, maxMs: 1, jitter: 0 },
    };
    const requests = leases.map((lease) => {
      const ending = ENDINGS[this.dice.roll(ENDINGS.length)];
      return { lease, settlement: decide(accounts, ending), fingerprint: null, logs: [] };
    });
    await this.database.transaction((tx) => this.tasks.settle(tx, requests));
    // Half of them are forgotten, the others settled again some time: too late.
    this.leases = this.leases.filter((lease) => !leases.includes(lease) || this.dice.roll(2) === 0);
  }

  private progress(): Promise<void> {
    const line = { level: 'info', message: 'rolling', at: new Date().toISOString() } as const;
    const news = this.dice.some(this.leases, 40).map((lease) => ({ ...lease, progress: 0.5, logs: [line] }));
    return this.database.transaction((tx) => this.tasks.saveProgress(tx, news));
  }

  private async redispatch(): Promise<void> {
    const rows = await this.rows();
    await this.database.transaction((tx) => this.tasks.redispatch(tx, rows, 'says the dice'));
  }

  /** The same few names and keys again and again. */
  private async submit(): Promise<void> {
    const tasks = Array.from({ length: 1 + this.dice.roll(10) }, () =>
      newTask({ external_id: `name-${this.dice.roll(30)}`, unique_key: `key-${this.dice.roll(10)}` }),
    );
    await this.database.transaction((tx) => this.tasks.submit(tx, tasks));
  }
}

function repositoriesOn(database: Database) {
  const config = readConfig({ DATABASE_URL: 'postgres://x', AUTH_MODE: 'disabled' });
  const ends = new TaskEnds(database, new TaskObservers());
  const tasks = new TasksRepository(database, ends, config);
  return { tasks, dependencies: new DependenciesRepository(database, ends, config) };
}

/** Some in two batches, some depending on up to three that came before, with every policy. */
function family(dice: Dice): NewTask[] {
  const batches = [newId(), newId()];
  const rows: NewTask[] = [];
  for (let at = 0; at < TASKS; at += 1) {
    const name = `seed-${newId()}`;
    const parents =
      at > 0 && dice.roll(3) === 0 ? dice.some(rows, 3).flatMap(({ external_id }) => external_id ?? []) : [];
    const policy = (['fail', 'cancel', 'ignore'] as const)[dice.roll(3)];
    rows.push(
      newTask({
        external_id: name,
        batch_id: batches[dice.roll(4)],
        ...(parents.length > 0 ? { depends_on: parents, on_dependency_failure: policy } : {}),
      }),
    );
  }
  return rows;
}

function newTask(more: Partial<NewTask> = {}): NewTask {
  return {
    id: newId(),
    tenant_id: 'default',
    type: 'test.scripted',
    queue: QUEUE,
    priority: 1,
    payload: {},
    max_attempts: 9,
    backoff: BACKOFF,
    timeout_ms: 60_000,
    ...more,
  };
}

describe('eight writers over the same rows', () => {
  let server: TestDatabase;
  let databases: Database[];

  beforeEach(async () => {
    server = await freshDatabase();
    const config = readConfig({ DATABASE_URL: server.url, AUTH_MODE: 'disabled', DATABASE_POOL_SIZE: '2' });
    databases = Array.from({ length: WRITERS }, () => new Database(config));
  });

  afterEach(async () => {
    for (const database of databases) await database.client.$disconnect();
    await server.drop();
  });

  it.each([1, 2, 3])(
    'hear of no deadlock, and leave every row, attempt and counter in agreement (seed %i)',
    async (seed) => {
      const [database] = databases as [Database];
      const { tasks, dependencies } = repositoriesOn(database);
      const submissions = new Submissions(database, tasks, dependencies);
      await tasks.ensureQueues([QUEUE]);
      const rows = family(new Dice(seed));
      await database.transaction(async (tx) => {
        for (const id of new Set(rows.flatMap(({ batch_id }) => batch_id ?? []))) {
          const total = rows.filter(({ batch_id }) => batch_id === id).length;
          await submissions.createBatch(tx, { id, tenantId: 'default', total });
        }
        await submissions.submitIn(tx, rows);
      });
      const ids = rows.map(({ id }) => id);
      const writers = databases.map((own, at) => new Writer(own, ids, new Dice(seed * 100 + at), at === 0));
      const endings = await Promise.allSettled(writers.map((writer) => writer.work()));
      expect(endings.filter(({ status }) => status === 'rejected')).toEqual([]);
      expect(await inconsistencies(database)).toEqual({});
      const [{ settled } = { settled: 0 }] = await database.query<{ settled: number }>(
        'SELECT count(*)::int AS settled FROM task_attempts',
      );
      expect(settled).toBeGreaterThan(100);
    },
  );
});
