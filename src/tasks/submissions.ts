import { Injectable } from '@nestjs/common';
import { isBadRow } from '../database/database-fault.js';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import { Batcher } from '../kernel/batcher.js';
import { Fault } from '../kernel/fault.js';
import { isDatabaseDown, repeat } from '../kernel/repeat.js';
import { blocks, DependenciesRepository, type Edge } from './dependencies.repository.js';
import type { Collision, NewBatch, NewTask, PlacedTask } from './task-rows.js';
import { TasksRepository } from './tasks.repository.js';

/** A submitted task: placed now, or what it collided with. */
export type Submitted = { placed: PlacedTask } | { collision: Collision };

/** How long a caller waits for a Postgres that is away before hearing 503. */
const PATIENCE_MS = 5_000;
const MAX_ROUNDS = 10;

/** The way in: concurrent submits share a statement, and one bad row never fails its neighbours. */
@Injectable()
export class Submissions {
  private readonly batcher = new Batcher<NewTask, Submitted>((tasks) => this.flush(tasks), {
    maxItems: 128,
    maxInFlight: 1,
  });

  constructor(
    private readonly database: Database,
    private readonly tasks: TasksRepository,
    private readonly dependencies: DependenciesRepository,
  ) {}

  /**
   * Stores one task, together with whatever else is being submitted at this moment.
   * @throws Fault `payload.unstorable` when Postgres refuses the row
   */
  submit(task: NewTask): Promise<Submitted> {
    return this.batcher.add(task);
  }

  /**
   * Stores tasks inside the caller's transaction; one answer per task, in order. Those that depend on others are of one
   * tenant.
   * @throws Fault `dependency.unknown`, `payload.unstorable`
   */
  async submitIn(tx: Tx, tasks: readonly NewTask[]): Promise<Submitted[]> {
    const answers = new Map<string, Submitted>();
    const edges = await this.dependencies.hold(tx, tasks);
    // A rival that held the name during the insert may be final by now: then the name is free, and the task goes in.
    for (let round = 0; round < MAX_ROUNDS && answers.size < tasks.length; round += 1) {
      const placed = await this.insert(
        tx,
        tasks.filter(({ id }) => !answers.has(id)),
        edges,
      );
      for (const row of placed) answers.set(row.id, { placed: row });
      const missing = tasks.filter(({ id }) => !answers.has(id));
      const collisions = missing.length > 0 ? await this.tasks.classify(tx, missing) : [];
      for (const row of collisions) answers.set(row.asked, toSubmitted(row));
    }
    return tasks.map(({ id }) => {
      const answer = answers.get(id);
      if (answer) return answer;
      throw new Fault('task.exists', 'Tasks of the same unique key come and go too fast; submit again');
    });
  }

  createBatch(tx: Tx, batch: NewBatch): Promise<void> {
    return this.tasks.createBatch(tx, batch);
  }

  private async insert(
    tx: Tx,
    tasks: readonly NewTask[],
    edges: ReadonlyMap<string, Edge[]>,
  ): Promise<PlacedTask[]> {
    const edgesOf = (id: string) => edges.get(id) ?? [];
    try {
      const rows = tasks.map((task) => ({ ...task, blocked: edgesOf(task.id).some(blocks) }));
      const placed = await this.tasks.submit(tx, rows);
      await this.dependencies.insert(
        tx,
        placed.flatMap(({ id }) => edgesOf(id)),
      );
      return placed;
    } catch (error) {
      throw isBadRow(error) ? asUnstorable(error) : error;
    }
  }

  /** Halves a batch that Postgres refuses until the bad row stands alone. */
  private async flush(tasks: NewTask[]): Promise<Array<{ ok: Submitted } | { error: unknown }>> {
    try {
      const answers = await repeat(
        () => this.database.transaction((tx) => this.submitIn(tx, tasks)),
        isDatabaseDown,
        PATIENCE_MS,
      );
      return answers.map((ok) => ({ ok }));
    } catch (error) {
      if (!isBadRow(error) || tasks.length === 1) return tasks.map(() => ({ error }));
      const middle = tasks.length >> 1;
      return [...(await this.flush(tasks.slice(0, middle))), ...(await this.flush(tasks.slice(middle)))];
    }
  }
}

/** A row that is "mine" was inserted by a transaction whose reply was lost: it counts as placed, and is published. */
function toSubmitted(collision: Collision): Submitted {
  return collision.why === 'mine' ? { placed: collision } : { collision };
}

function asUnstorable(cause: unknown): Fault {
  return new Fault(
    'payload.unstorable',
    'Postgres cannot store this task; check its payload for odd values',
    { cause },
  );
}
