import { Injectable, Logger } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { Database } from '../database/database.js';
import { Fault } from '../kernel/fault.js';
import { isDatabaseDown } from '../kernel/repeat.js';
import { OperationKind, type OperationStep } from './operation-kind.js';
import { OperationsRepository, type TakenOperation } from './operations.repository.js';

/** Does operations step by step; any number of processes at once, each step in one transaction. */
@Injectable()
export class OperationRunner {
  private readonly logger = new Logger('operations');
  private known: ReadonlyMap<string, OperationKind> | null = null;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly database: Database,
    private readonly operations: OperationsRepository,
  ) {}

  /** @throws Error for a kind that no module of this process provides */
  kind(name: string): OperationKind {
    const kind = this.kinds().get(name);
    if (!kind) throw new Error(`no module of this process provides operations of the kind ${name}`);
    return kind;
  }

  /**
   * One step of the operation that was served longest ago.
   * @param only of no other operation than this one
   * @returns false when none may go on now, or another process is at it
   */
  async step(only?: string): Promise<boolean> {
    let taken: TakenOperation | undefined;
    try {
      const step = await this.database.transaction(async (tx) => {
        taken = await this.operations.take(tx, [...this.kinds().keys()], only);
        if (!taken) return null;
        const { id, tenant_id, kind, created_at, ...rest } = taken;
        const part = { ...rest, operationId: id, scope: { tenantId: tenant_id }, startedAt: created_at };
        const done: OperationStep = await this.kind(kind).step(tx, part);
        await this.operations.advance(tx, id, done);
        return done;
      });
      step?.afterCommit?.();
      return step !== null;
    } catch (error) {
      if (!taken || isDatabaseDown(error)) throw error;
      await this.report(taken, error);
      return true;
    }
  }

  /** @returns milliseconds until an open operation may go on, `null` when there is none */
  nextDueMs(): Promise<number | null> {
    return this.operations.nextDueMs([...this.kinds().keys()]);
  }

  private async report({ id, kind }: TakenOperation, error: unknown): Promise<void> {
    this.logger.warn({ msg: 'a step failed; it is tried again', operation: id, kind, err: error });
    const told = Fault.is(error)
      ? { code: error.code, message: error.detail }
      : { code: 'internal', message: 'Something went wrong inside Intake; the log knows more' };
    await this.database.transaction((tx) => this.operations.fault(tx, id, told));
  }

  /** Found at the first use: by then every module has made what it provides. */
  private kinds(): ReadonlyMap<string, OperationKind> {
    if (this.known) return this.known;
    const provided = this.discovery.getProviders().map(({ instance }) => instance as unknown);
    const kinds = new Set(provided.filter((instance) => instance instanceof OperationKind));
    this.known = new Map([...kinds].map((kind) => [kind.name, kind]));
    return this.known;
  }
}
