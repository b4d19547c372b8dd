import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import { Fault } from '../kernel/fault.js';
import { newId } from '../kernel/ids.js';
import type { Json } from '../kernel/json.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { Idempotency, type Once } from './idempotency.js';
import { TaskMaker, type TaskRequest } from './new-task.js';
import { QueueDepths, type Depths } from './queue-depths.js';
import { Submissions, type Submitted } from './submissions.js';
import { TaskPublisher } from './task-publisher.js';
import type { NewTask, PlacedTask } from './task-rows.js';
import { taskDepthChanged, taskSubmitted } from './task-telemetry.js';
import { linksOf, toAccepted } from './task-views.js';
import type { AcceptedTask } from './tasks.contract.js';

export interface SubmitOptions {
  idempotencyKey?: string;
  /** What must be the same under the same key; the request itself when absent. */
  request?: unknown;
  /** Writes that commit together with the task; given the task's id, may complete its payload. */
  within?: (tx: Tx, taskId: string) => Promise<Record<string, Json> | void>;
}

export interface SubmitBatchOptions extends Omit<SubmitOptions, 'within'> {
  /** Writes that commit together with the batch; given the members' ids in order, may complete their payloads. */
  within?: (tx: Tx, taskIds: readonly string[]) => Promise<ReadonlyArray<Record<string, Json>>>;
}

/** Members of a batch, and who hears when all are final. */
export interface BatchRequest {
  tasks: readonly TaskRequest[];
  callback_url?: string;
}

/** How work gets in. */
@Injectable()
export class TasksService {
  constructor(
    private readonly database: Database,
    private readonly maker: TaskMaker,
    private readonly depths: QueueDepths,
    private readonly submissions: Submissions,
    private readonly publisher: TaskPublisher,
    private readonly idempotency: Idempotency,
  ) {}

  /**
   * Stores a task and, after the commit, offers it to the transport.
   * @throws Fault `task.exists`, `queue.full` and those of {@link TaskMaker.make}
   */
  async submit(
    scope: TenantScope,
    request: TaskRequest,
    options: SubmitOptions = {},
  ): Promise<Once<AcceptedTask>> {
    await this.maker.admitCallback(request);
    const task = this.maker.make(scope, request);
    const depths = await this.depths.of(scope);
    const isPlain = !options.within && options.idempotencyKey === undefined && !task.depends_on;
    if (isPlain) return this.submitAlone(task, depths);
    let placed: PlacedTask[] = [];
    const store = async (tx: Tx) => {
      const depth = this.depths.admit(depths, task.queue, 1);
      const submitted = await this.submitWithin(tx, task, options);
      placed = 'placed' in submitted ? [submitted.placed] : [];
      return toAnswer(task, submitted, depth);
    };
    const once = await this.storeOnce(scope, options.idempotencyKey, options.request ?? request, store);
    this.announce(placed);
    return once;
  }

  /**
   * A task for {@link submitDrafts}, with room made in its queue. To be made before the transaction begins.
   * @throws Fault `queue.full` and those of {@link TaskMaker.make}
   */
  async draft(scope: TenantScope, request: TaskRequest): Promise<NewTask> {
    const task = this.maker.make(scope, request);
    this.depths.admit(await this.depths.of(scope), task.queue, 1);
    return task;
  }

  /** Stores drafts within the caller's transaction; after its commit those that were placed are to be announced. */
  submitDrafts(tx: Tx, drafts: readonly NewTask[]): Promise<Submitted[]> {
    return this.submissions.submitIn(tx, drafts);
  }

  /** Offers what was committed to the transport. */
  announce(placed: readonly PlacedTask[]): void {
    this.publisher.publish(placed);
    for (const { id, queue, type } of placed) taskSubmitted.publish({ taskId: id, queue, type });
    const roomy = placed.filter(({ may_dispatch }) => may_dispatch).map(({ queue }) => queue);
    for (const queue of new Set(roomy)) taskDepthChanged.publish({ queue });
  }

  /** All or nothing, under one batch id. */
  async submitBatch(scope: TenantScope, request: BatchRequest, options: SubmitBatchOptions = {}) {
    const { tasks: requests, callback_url } = request;
    await this.maker.admitCallback({ callback_url });
    const batch = {
      id: newId(),
      tenantId: scope.tenantId,
      total: requests.length,
      callbackUrl: callback_url,
    };
    const tasks = await this.makeMembers(scope, requests, batch.id);
    const depths = await this.depths.of(scope);
    let placed: PlacedTask[] = [];
    const store = async (tx: Tx) => {
      for (const [queue, count] of countByQueue(tasks)) this.depths.admit(depths, queue, count);
      await this.submissions.createBatch(tx, batch);
      const completed = await completedBy(tx, tasks, options);
      placed = placedOrThrow(await this.submissions.submitIn(tx, completed));
      return {
        batch_id: batch.id,
        task_ids: tasks.map(({ id }) => id),
        links: { self: `/api/batches/${batch.id}` },
      };
    };
    const once = await this.storeOnce(scope, options.idempotencyKey, options.request ?? request, store);
    this.announce(placed);
    return once;
  }

  /** Together with whatever else is being submitted at this moment. */
  private async submitAlone(task: NewTask, depths: Depths): Promise<Once<AcceptedTask>> {
    const depth = this.depths.admit(depths, task.queue, 1);
    const submitted = await this.submissions.submit(task);
    if ('placed' in submitted) this.announce([submitted.placed]);
    return { answer: toAnswer(task, submitted, depth), replayed: false };
  }

  /** A refusal undoes all that the work wrote; an answer that was given before is given again, whatever is full now. */
  private async storeOnce<T extends Json>(
    scope: TenantScope,
    key: string | undefined,
    request: unknown,
    store: (tx: Tx) => Promise<T>,
  ): Promise<Once<T>> {
    if (key !== undefined) return this.idempotency.once(scope, key, request, store);
    return { answer: await this.database.transaction(store), replayed: false };
  }

  private async submitWithin(tx: Tx, task: NewTask, { within }: SubmitOptions): Promise<Submitted> {
    const completion = await within?.(tx, task.id);
    const [submitted] = await this.submissions.submitIn(tx, [completion ? whole(task, completion) : task]);
    if (!submitted) throw new Error('a submit answered nothing');
    return submitted;
  }

  private async makeMembers(
    scope: TenantScope,
    requests: readonly TaskRequest[],
    batchId: string,
  ): Promise<NewTask[]> {
    const tasks: NewTask[] = [];
    for (const request of requests)
      tasks.push(await this.makeMember(scope, { ...request, batch_id: batchId }, tasks.length));
    return tasks;
  }

  private async makeMember(scope: TenantScope, request: TaskRequest, at: number): Promise<NewTask> {
    try {
      await this.maker.admitCallback(request);
      return this.maker.make(scope, request);
    } catch (error) {
      if (!Fault.is(error)) throw error;
      const errors = error.options.errors?.map(({ path, message }) => ({
        path: `tasks.${at}.${path}`,
        message,
      }));
      throw new Fault(error.code, `tasks.${at}: ${error.detail}`, { ...error.options, errors, cause: error });
    }
  }
}

async function completedBy(
  tx: Tx,
  tasks: readonly NewTask[],
  { within }: SubmitBatchOptions,
): Promise<readonly NewTask[]> {
  if (!within) return tasks;
  const ids = tasks.map(({ id }) => id);
  const completions = await within(tx, ids);
  return tasks.map((task, at) => whole(task, completions[at]));
}

function whole(task: NewTask, completion: Record<string, Json>): NewTask {
  return { ...task, payload: { ...(task.payload as object), ...completion } };
}

/** A live unique key answers with the task that holds it; a name that is taken is a conflict. */
function toAnswer(task: NewTask, submitted: Submitted, depth: number): AcceptedTask {
  if ('placed' in submitted) return toAccepted({ ...submitted.placed, external_id: task.external_id }, depth);
  const { collision } = submitted;
  if (collision.why === 'unique_key') return { ...toAccepted(collision, depth - 1), deduplicated: true };
  throw taken(task.external_id ?? '', collision.id);
}

function placedOrThrow(submitted: readonly Submitted[]): PlacedTask[] {
  return submitted.map((answer) => {
    if ('placed' in answer) return answer.placed;
    throw taken(answer.collision.why, answer.collision.id);
  });
}

function taken(name: string, id: string): Fault {
  return new Fault('task.exists', `A task ${name} is there already`, { extensions: { links: linksOf(id) } });
}

function countByQueue(tasks: readonly NewTask[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { queue } of tasks) counts.set(queue, (counts.get(queue) ?? 0) + 1);
  return counts;
}
