import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/transaction.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { OperationKind, type OperationPart, type OperationStep } from '../operations/operation-kind.js';
import { BulkTasksService, type BulkPart, type BulkStep } from '../tasks/bulk-tasks.service.js';
import type { CancelTasks, CleanUp, DiscardDeadLetters } from './bulk.contract.js';

interface Chosen<Filter> {
  filter: Filter;
}

/** Walks over the tasks that a filter chose, newest first. */
abstract class Walk<Filter extends object> extends OperationKind<Chosen<Filter>> {
  protected abstract change(tx: Tx, part: BulkPart, operationId: string): Promise<BulkStep>;

  async step(tx: Tx, part: OperationPart<Chosen<Filter>>): Promise<OperationStep> {
    const { operationId, scope, input, startedAt, state, limit } = part;
    const { filter } = input;
    const change = { scope, filter, until: startedAt, cursor: state as string | null, limit };
    const { cursor, ...step } = await this.change(tx, change, operationId);
    return { ...step, state: cursor, ended: cursor === null };
  }
}

@Injectable()
export class ReplayOperation extends Walk<DiscardDeadLetters['filter']> {
  readonly name = 'dead_letters.replay';

  constructor(private readonly tasks: BulkTasksService) {
    super();
  }

  async count(scope: TenantScope, { filter }: Chosen<DiscardDeadLetters['filter']>): Promise<number> {
    return total(await this.tasks.count(scope, 'failed', filter));
  }

  protected change(tx: Tx, part: BulkPart, operationId: string): Promise<BulkStep> {
    return this.tasks.replay(tx, part, { operation_id: operationId });
  }
}

@Injectable()
export class DiscardOperation extends Walk<DiscardDeadLetters['filter']> {
  readonly name = 'dead_letters.discard';

  constructor(private readonly tasks: BulkTasksService) {
    super();
  }

  async count(scope: TenantScope, { filter }: Chosen<DiscardDeadLetters['filter']>): Promise<number> {
    return total(await this.tasks.count(scope, 'failed', filter));
  }

  protected change(tx: Tx, part: BulkPart): Promise<BulkStep> {
    return this.tasks.discard(tx, part);
  }
}

@Injectable()
export class CancelOperation extends Walk<CancelTasks['filter']> {
  readonly name = 'tasks.cancel';

  constructor(private readonly tasks: BulkTasksService) {
    super();
  }

  async count(scope: TenantScope, { filter }: Chosen<CancelTasks['filter']>): Promise<number> {
    return total(await this.tasks.count(scope, 'live', filter));
  }

  protected change(tx: Tx, part: BulkPart): Promise<BulkStep> {
    return this.tasks.cancel(tx, part);
  }
}

type Place = Parameters<BulkTasksService['purge']>[2];

/** Walks over what ended long enough ago, oldest first: what is done, then dead letters where they are meant too. */
@Injectable()
export class CleanUpOperation extends OperationKind<CleanUp> {
  readonly name = 'tasks.cleanup';

  constructor(private readonly tasks: BulkTasksService) {
    super();
  }

  count(): Promise<null> {
    return Promise.resolve(null);
  }

  async step(tx: Tx, { scope, input, state, limit }: OperationPart<CleanUp>): Promise<OperationStep> {
    const ageSeconds = input.older_than_hours * 3_600;
    const { kind, after } = (state ?? { kind: 'done', after: null }) as unknown as Place;
    const { removed, last } = await this.tasks.purge(tx, scope, { kind, ageSeconds, after }, limit);
    if (last) return { state: { kind, after: last }, done: removed, ended: false };
    const isAll = kind === 'dead' || !input.include_failed;
    return { state: { kind: 'dead', after: null }, done: removed, ended: isAll };
  }
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
