import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/transaction.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { OperationKind, type OperationPart, type OperationStep } from '../operations/operation-kind.js';
import { BulkTasksService, type BulkPart, type BulkStep } from '../tasks/bulk-tasks.service.js';
import type { CleanUp } from './bulk.contract.js';

type Chosen = Pick<BulkPart, 'filter'>;

/** Walks over the tasks that a filter chose, newest first. */
@Injectable()
abstract class Walk extends OperationKind<Chosen> {
  protected abstract readonly chooses: 'failed' | 'live';

  constructor(protected readonly tasks: BulkTasksService) {
    super();
  }

  async count(scope: TenantScope, { filter }: Chosen): Promise<number> {
    const counts = await this.tasks.count(scope, this.chooses, filter);
    return [...counts.values()].reduce((sum, count) => sum + count, 0);
  }

  async step(tx: Tx, part: OperationPart<Chosen>): Promise<OperationStep> {
    const { operationId, scope, input, startedAt, state, limit } = part;
    const { filter } = input;
    const change = { scope, filter, until: startedAt, cursor: state as string | null, limit };
    const { cursor, ...step } = await this.change(tx, change, operationId);
    return { ...step, state: cursor, ended: cursor === null };
  }

  protected abstract change(tx: Tx, part: BulkPart, operationId: string): Promise<BulkStep>;
}

@Injectable()
export class ReplayOperation extends Walk {
  readonly name = 'dead_letters.replay';
  protected readonly chooses = 'failed';

  protected change(tx: Tx, part: BulkPart, operationId: string): Promise<BulkStep> {
    return this.tasks.replay(tx, part, { operation_id: operationId });
  }
}

@Injectable()
export class DiscardOperation extends Walk {
  readonly name = 'dead_letters.discard';
  protected readonly chooses = 'failed';

  protected change(tx: Tx, part: BulkPart): Promise<BulkStep> {
    return this.tasks.discard(tx, part);
  }
}

@Injectable()
export class CancelOperation extends Walk {
  readonly name = 'tasks.cancel';
  protected readonly chooses = 'live';

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
