import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.js';
import { Database } from '../../src/database/database.js';
import { newId } from '../../src/kernel/ids.js';
import { DependenciesRepository } from '../../src/tasks/dependencies.repository.js';
import { decide, type Ending } from '../../src/tasks/settlement.js';
import { Submissions } from '../../src/tasks/submissions.js';
import { TaskEnds } from '../../src/tasks/task-ends.js';
import { TaskObservers } from '../../src/tasks/task-observers.js';
import { completed, rejected, snoozed } from '../../src/tasks/task-outcome.js';
import type { NewTask } from '../../src/tasks/task-rows.js';
import { TasksRepository } from '../../src/tasks/tasks.repository.js';
import { inconsistencies } from '../support/consistency.js';
import { freshDatabase, type TestDatabase } from '../support/stack.js';
import { command, type Command, type Wanted } from '../support/task-commands.js';
import {
  MAX_ATTEMPTS,
  Model,
  type EndingKind,
  type ModelBatch,
  type ModelTask,
  type Status,
} from '../support/task-model.js';

/** `MODEL_SECONDS=600 npx vitest run --project medium test/medium/task-model.spec.ts` looks for longer, elsewhere each time. */
const SECONDS = Number(process.env.MODEL_SECONDS ?? 8);
/** What fails must fail again: without a wish the stories are the same on every run. */
const seed = process.env.MODEL_SECONDS === undefined ? 20_261_125 : undefined;
const HOUR_MS = 3_600_000;
const FAR = '2100-01-01T00:00:00Z';
const BACKOFF = { base_ms: HOUR_MS, factor: 1, max_ms: HOUR_MS, jitter: 0 };

const ENDINGS: Record<EndingKind, Ending> = {
  completed: { kind: 'returned', outcome: completed(null) },
  threw: { kind: 'threw', error: new Error('says the dice') },
  rejected: { kind: 'returned', outcome: rejected('document.corrupt', 'says the dice') },
  snoozed: { kind: 'returned', outcome: snoozed(HOUR_MS) },
  interrupted: { kind: 'interrupted' },
  timed_out: { kind: 'timed_out', timeoutMs: 1 },
  overran: { kind: 'overran' },
};

const MEANT_FOR: Readonly<Record<string, readonly Status[]>> = {
  claim: ['queued'],
  pausedClaim: ['queued'],
  wake: ['scheduled'],
  lose: ['processing'],
  timeOut: ['processing'],
  replay: ['failed', 'cancelled'],
};

/** One story: what is done to Postgres through the repository is done to the model, and both must tell the same after it. */
class Story {
  readonly model = new Model();
  private readonly queue = `model-${newId()}`;
  /** As they stood after the step before. */
  private readonly generations = new Map<string, number>();
  private readonly leases: Array<{ task: ModelTask; epoch: number; token: string }> = [];

  constructor(private readonly world: World) {}

  async begin(): Promise<void> {
    const { database, tasks, incarnation } = this.world;
    await tasks.ensureQueues([this.queue]);
    await database.query(`UPDATE queues SET "window" = 1000 WHERE name = $1`, this.queue);
    await database.query(
      `INSERT INTO workers (incarnation, name, kind, host, pid, version, queues, types, concurrency, status)
       VALUES ($1::uuid, 'model', 'pool', 'here', 1, '0', '{}', '{}', 1, 'running') ON CONFLICT DO NOTHING`,
      incarnation,
    );
  }

  async perform(step: Command): Promise<void> {
    if (step.act === 'submit' || step.act === 'batch') await this.submit(step.tasks, step.act === 'batch');
    else if (step.act === 'settle') await this.settle(step.at, step.how);
    else await this.actOn(step.act, step.at);
    await this.compare();
  }

  private async actOn(name: string, at: number): Promise<void> {
    const { model, world } = this;
    const { database, tasks } = world;
    if (name === 'dispatch') return this.dispatch();
    if (name === 'resolve') {
      for (;;) {
        const pass = await database.transaction((tx) => world.dependencies.resolveNews(tx, 500));
        if (pass.told + pass.revived === 0) break;
      }
      model.resolve();
      return this.adoptGenerations();
    }
    const task = this.pick(name, at);
    if (!task) return;
    const set = (assignment: string) =>
      database.query(`UPDATE tasks SET ${assignment} WHERE id = $1::uuid`, task.id);
    const acts: Record<string, () => Promise<void>> = {
      claim: () => this.claim(task, false),
      pausedClaim: () => this.claim(task, true),
      cancel: async () => {
        await database.transaction((tx) => tasks.cancel(tx, [task.id]));
        model.cancel(task);
      },
      replay: async () => {
        await database.transaction((tx) => tasks.replay(tx, [task.id]));
        model.replay(task);
      },
      wake: async () => {
        if (task.status !== 'scheduled') return;
        await set(`run_at = now() - interval '1 s'`);
        await database.transaction((tx) => tasks.wake(tx, 500));
        Object.assign(task, { status: 'pending', reason: null, runsLater: false });
      },
      expire: async () => {
        if (task.expires === 'later') task.expires = 'past';
        if (task.expires === 'past') await set(`expires_at = now() - interval '1 s'`);
        await database.transaction((tx) => tasks.expire(tx, 500));
        model.expire();
      },
      deadline: async () => {
        if (task.deadline === 'later') task.deadline = 'past';
        if (task.deadline === 'past') await set(`deadline_at = now() - interval '1 s'`);
      },
      lose: async () => {
        if (task.status !== 'processing') return;
        await set(`worker_incarnation = '${world.dead}'`);
        await database.transaction((tx) => tasks.lose(tx, 3_600, 500));
        model.lose(task);
      },
      timeOut: async () => {
        if (task.status === 'processing') await set(`started_at = now() - interval '1 day'`);
        await database.transaction((tx) => tasks.timeOut(tx, 0));
        model.timeOut(task);
      },
      reprioritise: () => this.revise(task, 'priority'),
      postpone: () => this.revise(task, 'later'),
      hasten: () => this.revise(task, 'now'),
    };
    await acts[name]?.();
  }

  /** Every other time whichever comes, otherwise one that the act is meant for, if there is one. */
  private pick(name: string, at: number): ModelTask | undefined {
    const { tasks } = this.model;
    const meant = at % 2 === 0 ? [] : tasks.filter(({ status }) => MEANT_FOR[name]?.includes(status));
    const among = meant.length > 0 ? meant : tasks;
    return among[(at >> 1) % Math.max(1, among.length)];
  }

  private async submit(wanted: readonly Wanted[], isBatch: boolean): Promise<void> {
    const { model, world } = this;
    const batch = isBatch ? { id: newId(), remaining: wanted.length, generation: 1 } : null;
    const made: Array<{ row: NewTask; task: ModelTask }> = [];
    for (const one of wanted) {
      const known = [...model.tasks, ...made.map(({ task }) => task)];
      const parents = [
        ...new Set(one.parents.flatMap((at) => (known.length ? (known[at % known.length] ?? []) : []))),
      ];
      made.push(this.make(one, parents, batch));
    }
    const placed = await world.database.transaction(async (tx) => {
      if (batch)
        await world.submissions.createBatch(tx, { id: batch.id, tenantId: 'default', total: wanted.length });
      return world.submissions.submitIn(
        tx,
        made.map(({ row }) => row),
      );
    });
    if (batch) model.batches.push(batch);
    made.forEach(({ task }, at) => {
      const answer = placed[at];
      const status = answer && 'placed' in answer ? answer.placed.status : null;
      if (task.status === 'pending' && status === 'queued') Object.assign(task, { status, epoch: 1 });
      model.tasks.push(task);
    });
  }

  private make(one: Wanted, parents: readonly ModelTask[], batch: ModelTask['batch']) {
    const id = newId();
    const { policy } = one;
    const edges = parents.map((parent) => {
      const outcome = ['completed', 'failed', 'cancelled'].includes(parent.status) ? parent.status : null;
      const news = outcome !== null && outcome !== 'completed' && policy !== 'ignore';
      return { parent, outcome, news };
    });
    const asks = Model.mustAsk({ edges, policy });
    const isLater = one.start === 'later' || (one.start === 'delay' && !asks);
    const status: Status = asks ? 'blocked' : isLater ? 'scheduled' : 'pending';
    const task: ModelTask = {
      id,
      status,
      reason: status === 'scheduled' ? 'run_at' : null,
      attempts: 0,
      crashes: 0,
      returns: 0,
      epoch: 0,
      token: null,
      edges,
      policy,
      batch,
      isStarted: false,
      isCancelAsked: false,
      runsLater: one.start === 'later',
      isDelayed: one.start === 'delay' && asks,
      expires: one.expires ? 'later' : 'never',
      deadline: one.deadline ? 'later' : 'never',
    };
    const row: NewTask = {
      id,
      external_id: `n-${id.slice(-12)}-${id.slice(0, 13)}`,
      tenant_id: 'default',
      type: 'test.model',
      queue: this.queue,
      priority: 1,
      payload: {},
      max_attempts: MAX_ATTEMPTS,
      backoff: BACKOFF,
      timeout_ms: HOUR_MS,
      batch_id: batch?.id,
      on_dependency_failure: policy,
      depends_on: parents.length
        ? parents.map((parent) => `n-${parent.id.slice(-12)}-${parent.id.slice(0, 13)}`)
        : undefined,
      ...(one.start === 'delay' ? { delay_ms: HOUR_MS } : {}),
      ...(one.start === 'later' ? { run_at: FAR } : {}),
      ...(one.expires ? { expires_at: FAR } : {}),
      ...(one.deadline ? { deadline_at: FAR } : {}),
    };
    return { row, task };
  }

  /** Whatever the dispatcher takes was pending; all of it goes, as the window has room and nothing is limited. */
  private async dispatch(): Promise<void> {
    const { database, tasks } = this.world;
    const placed = await database.transaction((tx) => tasks.dispatch(tx, this.queue));
    const pending = this.model.tasks.filter(({ status }) => status === 'pending');
    expect(placed.map(({ id }) => id).toSorted()).toEqual(pending.map(({ id }) => id).toSorted());
    for (const task of pending) this.model.dispatch(task);
  }

  private async claim(task: ModelTask, isPaused: boolean): Promise<void> {
    const { database, tasks, incarnation } = this.world;
    const lease = { id: task.id, epoch: task.epoch, token: newId(), queue: this.queue };
    const pause = (paused: boolean) =>
      database.query('UPDATE queues SET paused = $2::boolean WHERE name = $1', this.queue, paused);
    if (isPaused) await pause(true);
    await database.transaction((tx) => tasks.claim(tx, [lease], { incarnation, suspects: true }));
    if (isPaused) await pause(false);
    if (this.model.claim(task, lease.token, isPaused)) this.leases.push({ task, ...lease });
  }

  /** Any lease that was ever held may be settled: one that is gone changes nothing. */
  private async settle(at: number, how: EndingKind): Promise<void> {
    const held = this.leases[this.leases.length - 1 - (at % Math.max(1, this.leases.length))];
    if (!held) return;
    const { task, epoch, token } = held;
    const backoff = { baseMs: HOUR_MS, factor: 1, maxMs: HOUR_MS, jitter: 0 };
    const { attempts, returns } = task;
    const settlement = decide({ attempts, maxAttempts: MAX_ATTEMPTS, returns, backoff }, ENDINGS[how]);
    const request = { lease: { id: task.id, epoch, token }, settlement, fingerprint: null, logs: [] };
    await this.world.database.transaction((tx) => this.world.tasks.settle(tx, [request]));
    if (task.token === token) this.model.settle(task, how);
  }

  private async revise(task: ModelTask, to: 'priority' | 'later' | 'now'): Promise<void> {
    const revision = {
      priority: { priority: 3 },
      later: { run_at: FAR },
      now: { run_at: '2020-01-01T00:00:00Z' },
    }[to];
    await this.world.database.transaction((tx) => this.world.tasks.revise(tx, task.id, revision));
    this.model.revise(task, to);
  }

  /**
   * News of failures and revivals that come together end a batch in between or not, as they are taken: either is right.
   * Only then is the count of its ends taken over; it never falls.
   */
  private async adoptGenerations(): Promise<void> {
    for (const batch of this.model.batches) {
      const [row] = await this.world.database.query<{ generation: number }>(
        'SELECT generation FROM batches WHERE id = $1::uuid',
        batch.id,
      );
      const before = this.generations.get(batch.id) ?? 1;
      expect(row?.generation).toBeGreaterThanOrEqual(before);
      batch.generation = row?.generation ?? 0;
    }
  }

  private async compare(): Promise<void> {
    const { database } = this.world;
    const ids = this.model.tasks.map(({ id }) => id);
    const rows = await database.query(
      `SELECT id, status, reason, attempts, crashes, returns, epoch, lease_token AS token FROM tasks
       WHERE id = ANY($1::uuid[]) ORDER BY array_position($1::uuid[], id)`,
      ids,
    );
    expect(rows).toEqual(
      this.model.tasks.map(({ id, status, reason, attempts, crashes, returns, epoch, token }) => ({
        id,
        status,
        reason,
        attempts,
        crashes,
        returns,
        epoch,
        token,
      })),
    );
    const batches = this.model.batches;
    if (batches.length === 0) return;
    const counted = await database.query<ModelBatch>(
      `SELECT id, remaining, generation FROM batches WHERE id = ANY($1::uuid[]) ORDER BY array_position($1::uuid[], id)`,
      batches.map(({ id }) => id),
    );
    expect(counted).toEqual(batches);
    for (const { id, generation } of batches) this.generations.set(id, generation);
  }
}

interface World {
  database: Database;
  tasks: TasksRepository;
  dependencies: DependenciesRepository;
  submissions: Submissions;
  incarnation: string;
  /** Of a suspect's own process, known to be dead. */
  dead: string;
}

describe('the lifecycle on Postgres', () => {
  let server: TestDatabase;
  let world: World;

  beforeAll(async () => {
    server = await freshDatabase();
    const config = readConfig({ DATABASE_URL: server.url, AUTH_MODE: 'disabled', DATABASE_POOL_SIZE: '2' });
    const database = new Database(config);
    const ends = new TaskEnds(database, new TaskObservers());
    const tasks = new TasksRepository(database, ends, config);
    const dependencies = new DependenciesRepository(database, ends, config);
    const submissions = new Submissions(database, tasks, dependencies);
    world = { database, tasks, dependencies, submissions, incarnation: newId(), dead: newId() };
    await database.query(
      `INSERT INTO workers (incarnation, name, kind, host, pid, version, queues, types, concurrency, status)
       VALUES ($1::uuid, 'dead', 'isolated', 'here', 1, '0', '{}', '{}', 1, 'lost')`,
      world.dead,
    );
  });

  afterAll(async () => {
    await world.database.client.$disconnect();
    await server.drop();
  });

  it(
    'does as the model does, whatever is done to it in whatever order',
    async () => {
      const endMs = performance.now() + SECONDS * 1_000;
      let told = 0;
      const stories = fc.asyncProperty(
        fc.array(command, { minLength: 20, maxLength: 120, size: 'max' }),
        async (steps) => {
          if (performance.now() > endMs) return;
          const story = new Story(world);
          await story.begin();
          for (const step of steps) await story.perform(step);
          told += 1;
        },
      );
      await fc.assert(stories, { numRuns: SECONDS * 20, ...(seed === undefined ? {} : { seed }) });
      expect(told).toBeGreaterThan(0);
      expect(await inconsistencies(world.database)).toEqual({});
    },
    (SECONDS + 60) * 1_000,
  );
});
