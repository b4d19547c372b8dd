import { readConfig } from '../../src/config/config.js';
import { Database } from '../../src/database/database.js';
import { newId } from '../../src/kernel/ids.js';
import { DEFAULT_TENANT } from '../../src/kernel/tenant-scope.js';
import { TaskEnds } from '../../src/tasks/task-ends.js';
import { TaskObservers } from '../../src/tasks/task-observers.js';
import { decide } from '../../src/tasks/settlement.js';
import { completed } from '../../src/tasks/task-outcome.js';
import type { Claim, NewTask, PlacedTask } from '../../src/tasks/task-rows.js';
import { TasksRepository } from '../../src/tasks/tasks.repository.js';

const SUBMIT_BATCH = 2_000;
const COMPLETED = decide(
  { attempts: 0, maxAttempts: 1, returns: 0, backoff: { baseMs: 1, factor: 1, maxMs: 1, jitter: 0 } },
  { kind: 'returned', outcome: completed(null) },
);

/** The rows and nothing around them: no sweeps, no transport, no worker. What happens next is the test's to say. */
export class Core {
  readonly database: Database;
  readonly tasks: TasksRepository;
  private readonly incarnation = newId();

  constructor(url: string, variables: Record<string, string> = {}) {
    const config = readConfig({
      DATABASE_URL: url,
      AUTH_MODE: 'disabled',
      DATABASE_POOL_SIZE: '2',
      ...variables,
    });
    this.database = new Database(config);
    this.tasks = new TasksRepository(this.database, new TaskEnds(this.database, new TaskObservers()), config);
  }

  async submit(tasks: readonly NewTask[]): Promise<void> {
    for (let at = 0; at < tasks.length; at += SUBMIT_BATCH)
      await this.database.transaction((tx) => this.tasks.submit(tx, tasks.slice(at, at + SUBMIT_BATCH)));
  }

  dispatch(queue: string): Promise<PlacedTask[]> {
    return this.database.transaction((tx) => this.tasks.dispatch(tx, queue));
  }

  /** Takes placed tasks as a worker would. @returns what it holds now */
  async claim(placed: ReadonlyArray<{ id: string; epoch: number; queue: string }>): Promise<Claim[]> {
    const claims = placed.map(({ id, epoch, queue }) => ({ id, epoch, queue, token: newId() }));
    const by = { incarnation: this.incarnation, suspects: false };
    const taken = await this.database.transaction((tx) => this.tasks.claim(tx, claims, by));
    const mine = new Set(taken.flatMap(({ verdict, token }) => (verdict === 'claimed' ? [token] : [])));
    return claims.filter(({ token }) => mine.has(token));
  }

  async complete(held: readonly Claim[]): Promise<void> {
    const requests = held.map((lease) => ({ lease, settlement: COMPLETED, fingerprint: null, logs: [] }));
    await this.database.transaction((tx) => this.tasks.settle(tx, requests));
  }

  pause(paused: boolean): Promise<unknown> {
    return this.database.query('UPDATE queues SET paused = $1::boolean', paused);
  }

  close(): Promise<void> {
    return this.database.onApplicationShutdown();
  }
}

export function newTask(more: Partial<NewTask> = {}): NewTask {
  return {
    id: newId(),
    tenant_id: DEFAULT_TENANT,
    type: 'test.scripted',
    queue: 'default',
    priority: 1,
    payload: {},
    max_attempts: 3,
    backoff: { base_ms: 1, factor: 1, max_ms: 1, jitter: 0 },
    timeout_ms: 60_000,
    ...more,
  };
}

export const newTasks = (count: number, more: Partial<NewTask> = {}) =>
  Array.from({ length: count }, () => newTask(more));
