import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Fault } from '../kernel/fault.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { OperationsService } from '../operations/operations.service.js';
import type { OperationView } from '../operations/operations.contract.js';
import { BulkTasksService } from '../tasks/bulk-tasks.service.js';
import type { TaskError } from '../tasks/settlement.js';
import type {
  BulkPreview,
  CancelTasks,
  CleanUp,
  CleanedUp,
  DeadLetterCause,
  DiscardDeadLetters,
  Flush,
  Flushed,
  ReplayDeadLetters,
} from './bulk.contract.js';

const PREVIEWED_CAUSES = 50;

type Causes = Awaited<ReturnType<BulkTasksService['causes']>>;

/** What an operator does to many tasks at once. */
@Injectable()
export class BulkService {
  constructor(
    private readonly operations: OperationsService,
    private readonly tasks: BulkTasksService,
    private readonly config: Config,
  ) {}

  /** Dead letters by cause, the most frequent first. @param after the `key` and count of the cause before */
  async causes(
    scope: TenantScope,
    filter: DiscardDeadLetters['filter'],
    limit: number,
    after?: { count: number; key: string },
  ) {
    const causes = await this.tasks.causes(scope, filter, limit, after);
    return causes.map((cause) => ({ key: cause.key, view: toView(cause) }));
  }

  async preview(
    scope: TenantScope,
    kind: 'failed' | 'live',
    filter: DiscardDeadLetters['filter'] | CancelTasks['filter'],
  ): Promise<BulkPreview> {
    const counts = await this.tasks.count(scope, kind, filter);
    const causes = kind === 'failed' ? await this.tasks.causes(scope, filter, PREVIEWED_CAUSES) : [];
    return {
      dry_run: true,
      matched: [...counts.values()].reduce((sum, count) => sum + count, 0),
      by_status: Object.fromEntries(counts),
      by_fingerprint: causes.map(toView),
    };
  }

  replay(scope: TenantScope, { filter, rate_per_second }: ReplayDeadLetters, idempotencyKey?: string) {
    const options = { ratePerSecond: rate_per_second, idempotencyKey };
    return this.operations.start(scope, 'dead_letters.replay', { filter }, options);
  }

  discard(scope: TenantScope, { filter }: DiscardDeadLetters, idempotencyKey?: string) {
    return this.operations.start(scope, 'dead_letters.discard', { filter }, { idempotencyKey });
  }

  cancel(scope: TenantScope, { filter }: CancelTasks, idempotencyKey?: string) {
    return this.operations.start(scope, 'tasks.cancel', { filter }, { idempotencyKey });
  }

  async cleanUp(scope: TenantScope, request: CleanUp): Promise<CleanedUp> {
    const operation = await this.operations.run(scope, 'tasks.cleanup', request);
    return { removed: operation.done, ...runOf(operation) };
  }

  /** Cancels all that waits; what runs goes on. @throws Fault `queue.flush_forbidden` */
  async flush(scope: TenantScope, { queue }: Flush): Promise<Flushed> {
    if (!this.config.allowFlush) {
      const detail = 'Flushing is switched off; set ALLOW_FLUSH=true where the API runs, or cancel by filter';
      throw new Fault('queue.flush_forbidden', detail);
    }
    const filter = { status: 'waiting', ...(queue === undefined ? {} : { queue }) };
    const operation = await this.operations.run(scope, 'tasks.cancel', { filter });
    return { cancelled: operation.done, ...runOf(operation) };
  }
}

function runOf({ status, operation_id, links }: OperationView) {
  return { status, operation_id, links: { operation: links['self'] ?? '' } };
}

function toView(cause: Causes[number]): DeadLetterCause {
  const error = (cause.sample?.error ?? null) as TaskError | null;
  return {
    fingerprint: cause.fingerprint,
    type: cause.type,
    queue: cause.queue,
    error_code: error?.code ?? null,
    message: error?.message ?? null,
    count: cause.count,
    first_seen_at: cause.firstSeen?.toISOString() ?? null,
    last_seen_at: cause.lastSeen?.toISOString() ?? null,
    sample_task_id: cause.sample?.id ?? null,
  };
}
