import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import { Config } from '../config/config.js';
import { Fault, type FieldError } from '../kernel/fault.js';
import { isUuid } from '../kernel/ids.js';
import {
  FIND_PARENTS,
  FORGET_NEWS,
  INSERT_EDGES,
  LOCK_CHILDREN,
  LOCK_PARENTS,
  PARENT_OUTCOMES,
  RELEASE,
  REVIVE,
  TAKE_NEWS,
} from './dependencies.sql.js';
import { TaskEnds } from './task-ends.js';
import type { EndedTask } from './task-observers.js';
import type { NewTask } from './task-rows.js';
import { dependenciesChanged } from './task-telemetry.js';

/** One task waits for another; `outcome` is how that one ended, if it did. */
export interface Edge {
  task_id: string;
  parent_id: string;
  tenant_id: string;
  outcome: string | null;
  news: boolean;
}

/** What a pass over the news did. */
export interface Resolved {
  /** Edges whose news was taken; as many as asked for means that there may be more. */
  told: number;
  released: EndedTask[];
  /** Children that wait again; their news is still to be taken. */
  revived: number;
}

type Dependent = Pick<NewTask, 'id' | 'tenant_id' | 'external_id' | 'depends_on' | 'on_dependency_failure'>;

/** Who waits for whom, and what becomes of those who wait. */
@Injectable()
export class DependenciesRepository {
  private readonly agingSeconds: number;

  constructor(
    private readonly database: Database,
    private readonly ends: TaskEnds,
    config: Config,
  ) {
    this.agingSeconds = config.agingSeconds;
  }

  /**
   * Finds what new tasks of one tenant depend on, and keeps it from ending until the transaction does. A task may also
   * name an earlier one of the same call.
   * @returns the edges by child
   * @throws Fault `dependency.unknown` naming each that is not there
   */
  async hold(tx: Tx, tasks: readonly Dependent[]): Promise<Map<string, Edge[]>> {
    const [first] = tasks.filter(({ depends_on }) => depends_on?.length);
    if (!first) return new Map();
    const ids = await this.resolve(tx, first.tenant_id, tasks);
    const wanted = [...new Set([...ids.values()].flat())];
    await this.database.queryIn(tx, LOCK_PARENTS, wanted);
    const rows = await this.database.queryIn<{ id: string; outcome: string | null }>(
      tx,
      PARENT_OUTCOMES,
      wanted,
    );
    const outcomes = new Map(rows.map(({ id, outcome }) => [id, outcome]));
    return new Map(
      tasks.map((task) => [
        task.id,
        (ids.get(task.id) ?? []).map((id) => toEdge(task, id, outcomes.get(id))),
      ]),
    );
  }

  async insert(tx: Tx, edges: readonly Edge[]): Promise<void> {
    if (edges.length === 0) return;
    await this.database.executeIn(tx, INSERT_EDGES, JSON.stringify(edges));
    if (edges.some(({ news }) => news)) this.database.afterCommit(() => dependenciesChanged.publish({}));
  }

  /** Decides what becomes of children whose parents have news, each from all of its edges. Takes what others do not hold. */
  async resolveNews(tx: Tx, limit: number): Promise<Resolved> {
    const news = await this.database.queryIn<{ task_id: string; parent_id: string }>(tx, TAKE_NEWS, limit);
    if (news.length === 0) return { told: 0, released: [], revived: 0 };
    const children = [...new Set(news.map(({ task_id }) => task_id))];
    const held = await this.database.queryIn<{ id: string }>(tx, LOCK_CHILDREN, children);
    const ids = held.map(({ id }) => id);
    const revived = await this.database.queryIn<{ id: string; batch_id: string | null }>(tx, REVIVE, ids);
    await this.ends.revived(tx, revived);
    // Their own children hear of it first: what lives again is no reason for anybody to fail.
    if (revived.length > 0) return { told: 0, released: [], revived: revived.length };
    const released = await this.database.queryIn<EndedTask>(tx, RELEASE, ids, this.agingSeconds);
    const told = news.filter(({ task_id }) => ids.includes(task_id));
    await this.database.executeIn(
      tx,
      FORGET_NEWS,
      told.map(({ task_id }) => task_id),
      told.map(({ parent_id }) => parent_id),
    );
    await this.ends.ended(tx, released);
    return { told: told.length, released, revived: 0 };
  }

  private async resolve(
    tx: Tx,
    tenantId: string,
    tasks: readonly Dependent[],
  ): Promise<Map<string, string[]>> {
    const names = [...new Set(tasks.flatMap(({ depends_on = [] }) => depends_on))];
    const [uuids, own] = [names.filter(isUuid), names.filter((name) => !isUuid(name))];
    const found = await this.database.queryIn<{ id: string; external_id: string | null }>(
      tx,
      FIND_PARENTS,
      tenantId,
      uuids,
      own,
    );
    const known = new Map(
      found.flatMap(
        ({ id, external_id }) =>
          [
            [id, id],
            [external_id ?? id, id],
          ] as const,
      ),
    );
    const errors: FieldError[] = [];
    const resolved = new Map<string, string[]>();
    tasks.forEach((task, at) => {
      const ids = (task.depends_on ?? []).map((name, place) => {
        const id = known.get(name);
        if (!id)
          errors.push({ path: pathOf(tasks, at, place), message: `names no task that is there: ${name}` });
        return id ?? '';
      });
      resolved.set(task.id, [...new Set(ids)]);
      if (task.external_id) known.set(task.external_id, task.id);
    });
    if (errors.length === 0) return resolved;
    const detail = `depends_on names what is not there: ${errors.map(({ message }) => message.split(': ')[1]).join(', ')}. Submit the parents first`;
    throw new Fault('dependency.unknown', detail, { errors });
  }
}

/** Whether a task has to wait before it may run, or its fate to be decided. */
export function blocks({ outcome, news }: Edge): boolean {
  return outcome === null || news;
}

/** A parent that ended badly already is news at once, unless the child does not care. */
function toEdge(task: Dependent, parentId: string, outcome: string | null = null): Edge {
  const news = outcome !== null && outcome !== 'completed' && task.on_dependency_failure !== 'ignore';
  return { task_id: task.id, parent_id: parentId, tenant_id: task.tenant_id, outcome, news };
}

function pathOf(tasks: readonly Dependent[], at: number, place: number): string {
  return `${tasks.length > 1 ? `tasks.${at}.` : ''}depends_on.${place}`;
}
