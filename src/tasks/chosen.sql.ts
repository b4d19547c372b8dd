import { isUuid } from '../kernel/ids.js';
import { TASK_STATUSES, type TaskStatus } from '../kernel/task-status.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { FINAL_STATUSES, LIVE_STATUSES, WAITING_STATUSES, isFinal } from './lifecycle.js';
import { queueNameOf } from './queue-names.js';

export interface TaskFilter {
  status?: TaskStatus | 'active' | 'waiting';
  type?: string;
  queue?: string;
  user_id?: string;
  client_id?: string;
  tag?: string;
  batch_id?: string;
  created_after?: string;
  created_before?: string;
  error_code?: string;
  fingerprint?: string;
  worker_id?: string;
  /** Text in the client's name, a tag or the error. */
  q?: string;
  /** Ids or the clients' own names. */
  ids?: readonly string[];
}

/** Keeps a value. @returns the `$n` that stands for it */
type Bind = (value: unknown) => string;

/** A tenant's tasks that a filter chooses, as text about `tasks t` and the values of its parameters. */
export class ChosenTasks {
  readonly values: unknown[] = [];
  /** A status may have none of them, and its walk then goes on to the end: to be read in parts. */
  readonly isSparse: boolean;
  private readonly conditions: string[];
  private readonly statuses: readonly TaskStatus[];
  /** Indexes of their own find these few. */
  private readonly isNamed: boolean;
  private readonly bind: Bind = (value) => `$${this.values.push(value)}`;

  constructor({ tenantId }: TenantScope, filter: TaskFilter, among: readonly TaskStatus[] = TASK_STATUSES) {
    const asked = statusesOf(filter.status);
    this.isNamed = filter.ids !== undefined || filter.batch_id !== undefined;
    this.statuses = among.filter((status) => asked.includes(status));
    this.conditions = [`t.tenant_id = ${this.bind(tenantId)}`, ...conditionsOf(filter, this.bind)];
    this.isSparse = !this.isNamed && this.statuses.length > 1 && this.conditions.length > 1;
  }

  /** @param before newer ones are left out, and it itself @param until older ones */
  within(before?: string, until?: string): this {
    return this.and(before, (id) => `t.id < ${id}::uuid`).and(until, (id) => `t.id >= ${id}::uuid`);
  }

  /** Narrows the choice by a condition about a value; a value that is missing asks for nothing. */
  and(value: unknown, condition: (parameter: string) => string): this {
    if (value !== undefined) this.conditions.push(condition(this.bind(value)));
    return this;
  }

  where(): string {
    return [...this.conditions, this.statuses.length > 0 ? isAnyOf(this.statuses) : 'false'].join(' AND ');
  }

  /** Newest first. @param columns of `t` */
  newest(columns: string, limit: number): string {
    const most = `LIMIT ${this.bind(limit)}::int`;
    if (this.isNamed || this.statuses.length === 0)
      return `SELECT ${columns} FROM tasks t WHERE ${this.where()} ORDER BY t.id DESC ${most}`;
    const walks = this.statuses.map(
      (status) =>
        `(SELECT * FROM tasks t WHERE ${this.conditions.join(' AND ')} AND ${newestOf(status)} ${most})`,
    );
    return `SELECT ${columns} FROM (${walks.join(' UNION ALL ')}) AS t ORDER BY t.id DESC ${most}`;
  }

  /** The id that ends the newest so many; no row when there are fewer. */
  endOf(size: number): string {
    return `SELECT id FROM (${this.newest('t.id', size)}) AS part ORDER BY id DESC OFFSET ${size - 1} LIMIT 1`;
  }
}

const isAnyOf = (statuses: readonly TaskStatus[]) =>
  `t.status IN (${statuses.map((status) => `'${status}'`).join(', ')})`;

/**
 * The end of a statement that walks a tenant's tasks of a status along tasks_live or tasks_ended. No index holds all of a
 * tenant's tasks, so readers of several statuses merge one walk of each. Said as a range and sorted by the status too,
 * because those two indexes alone can answer that: given an equality, the planner also takes the primary key, and then
 * meets all that is newer, or the index of another purpose, and sorts whatever came since the last ANALYZE.
 */
const newestOf = (status: TaskStatus): string => `
  ${isAnyOf(isFinal(status) ? FINAL_STATUSES : LIVE_STATUSES)} AND t.status BETWEEN '${status}' AND '${status}'
  ORDER BY t.status, t.id DESC`;

function statusesOf(status: TaskFilter['status']): readonly TaskStatus[] {
  if (!status) return TASK_STATUSES;
  if (status === 'active') return ['processing'];
  return status === 'waiting' ? WAITING_STATUSES : [status];
}

function conditionsOf(filter: TaskFilter, bind: Bind): string[] {
  const { type, queue, user_id, client_id, tag, batch_id, error_code, fingerprint, worker_id, q, ids } =
    filter;
  const { created_after: after, created_before: before } = filter;
  return [
    type && `t.type = ${bind(type)}`,
    queue && `t.queue = ${bind(queueNameOf(queue))}`,
    user_id && `t.user_id = ${bind(user_id)}`,
    client_id && `t.client_id = ${bind(client_id)}`,
    tag && `${bind(tag)} = ANY(t.tags)`,
    batch_id && `t.batch_id = ${bind(batch_id)}::uuid`,
    after && `t.created_at >= ${bind(after)}::timestamptz`,
    before && `t.created_at <= ${bind(before)}::timestamptz`,
    error_code && `t.error->>'code' = ${bind(error_code)}`,
    fingerprint && `t.fingerprint = ${bind(fingerprint)}`,
    worker_id && ranOn(bind(worker_id)),
    q && contains(q, bind),
    ids && isNamed(ids, bind),
  ].filter((condition) => condition !== undefined);
}

/** Every process that went by this name, with or without the suffix that tells namesakes apart. */
const ranOn = (name: string) =>
  `t.worker_incarnation = ANY(ARRAY(SELECT incarnation FROM workers WHERE name = split_part(${name}, '~', 1)))`;

function contains(text: string, bind: Bind): string {
  const pattern = bind(`%${text.replace(/[\\%_]/g, String.raw`\$&`)}%`);
  const id = isUuid(text) ? ` OR t.id = ${bind(text)}::uuid` : '';
  return `(t.external_id ILIKE ${pattern} OR t.error->>'message' ILIKE ${pattern} OR ${bind(text)} = ANY(t.tags)${id})`;
}

function isNamed(names: readonly string[], bind: Bind): string {
  const ids = names.filter((name) => isUuid(name));
  const others = names.filter((name) => !isUuid(name));
  return `(t.id = ANY(${bind(ids)}::uuid[]) OR t.external_id = ANY(${bind(others)}::text[]))`;
}
