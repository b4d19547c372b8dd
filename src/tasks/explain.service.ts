import { Injectable } from '@nestjs/common';
import { Fault } from '../kernel/fault.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { inTime } from '../telemetry/in-time.js';
import { Transport, transportKey } from '../transport/transport.js';
import type { ExplainFacts, TransportFacts } from './explain-facts.js';
import { ExplainRepository } from './explain.repository.js';
import { explain } from './explanation.js';

/** An answer about a task need not wait for a transport that is down. */
const ANSWER_WITHIN_MS = 1_000;
/** Its publish may be under way: only an older row is missed. */
const MISSED_AFTER_MS = 1_000;

/** Why a task is not done. */
@Injectable()
export class ExplainService {
  constructor(
    private readonly facts: ExplainRepository,
    private readonly transport: Transport,
  ) {}

  /** @param name a task's id or its external id @throws Fault `task.not_found` */
  async explain(scope: TenantScope, name: string) {
    const facts = await this.facts.facts(scope, name);
    if (!facts) throw new Fault('task.not_found', `There is no task ${name}`);
    return explain(facts, await this.ask(facts));
  }

  /** Postgres was asked first: what it calls queued and the transport does not hold may have been taken in between. */
  private async ask({ id, epoch, queue, status, queued_at, now }: ExplainFacts): Promise<TransportFacts> {
    if (status !== 'pending' && status !== 'queued') return { unreachableSince: null, knows: null };
    const key = transportKey(id, epoch);
    const known = await inTime(this.transport.known(queue, [key]), ANSWER_WITHIN_MS);
    const awayMs = this.transport.unreachableForMs ?? ANSWER_WITHIN_MS;
    const old = queued_at !== null && now.getTime() - queued_at.getTime() > MISSED_AFTER_MS;
    return {
      unreachableSince: known ? null : new Date(now.getTime() - awayMs),
      knows: known && status === 'queued' && old ? known.get(key) !== 'unknown' : null,
    };
  }
}
