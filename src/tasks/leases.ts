import { Injectable } from '@nestjs/common';
import { isBadRow } from '../database/database-fault.js';
import { Database } from '../database/database.js';
import { Batcher } from '../kernel/batcher.js';
import { isDatabaseDown, repeat } from '../kernel/repeat.js';
import { WorkerIdentity } from './worker-identity.js';
import type { Claim, ClaimedTask, SettleAnswer, SettleRequest } from './task-rows.js';
import { taskRepaired } from './task-telemetry.js';
import { TasksRepository } from './tasks.repository.js';

type Answered<Out> = { ok: Out } | { error: unknown };

/** A claim that Postgres does not answer for this long is dropped; the reconciler brings the task back. */
const CLAIM_PATIENCE_MS = 8_000;

/** Claims and settlements of this process: concurrent ones share a statement, lost replies are asked for again. */
@Injectable()
export class Leases {
  private readonly claims = new Batcher<Claim, ClaimedTask | null>((claims) => this.flushClaims(claims), {
    maxItems: 128,
    maxInFlight: 1,
  });
  private readonly settlements = new Batcher<SettleRequest, SettleAnswer>(
    (requests) => this.flushSettlements(requests),
    {
      maxItems: 128,
      maxInFlight: 1,
    },
  );

  constructor(
    private readonly database: Database,
    private readonly tasks: TasksRepository,
    private readonly worker: WorkerIdentity,
  ) {}

  /** @returns the task, or `null` when the row is no longer there to take */
  claim(claim: Claim): Promise<ClaimedTask | null> {
    return this.claims.add(claim);
  }

  /** Ends an attempt; waits for as long as Postgres is away, since the answer must not be lost. */
  settle(request: SettleRequest): Promise<SettleAnswer> {
    return this.settlements.add(request);
  }

  private async flushClaims(claims: Claim[]): Promise<Array<{ ok: ClaimedTask | null }>> {
    const by = { incarnation: this.worker.incarnation, suspects: this.worker.kind === 'isolated' };
    const claim = () => this.database.transaction((tx) => this.tasks.claim(tx, claims, by));
    const rows = await repeat(claim, isDatabaseDown, CLAIM_PATIENCE_MS);
    const withdrawn = rows.filter(({ verdict }) => verdict === 'withdrawn').length;
    if (withdrawn > 0) taskRepaired.publish({ kind: 'withdrawn', count: withdrawn });
    const claimed = new Map(rows.map((row) => [row.token, row]));
    return claims.map(({ token }) => ({ ok: claimed.get(token) ?? null }));
  }

  private async flushSettlements(requests: SettleRequest[]): Promise<Array<Answered<SettleAnswer>>> {
    const settle = () => this.database.transaction((tx) => this.tasks.settle(tx, requests));
    try {
      return (await repeat(settle, isDatabaseDown, Infinity)).map((ok) => ({ ok }));
    } catch (error) {
      if (!isBadRow(error)) return requests.map(() => ({ error }));
      const [only] = requests;
      if (requests.length === 1 && only) return [{ ok: await this.settleUnstorable(only) }];
      const middle = requests.length >> 1;
      return [
        ...(await this.flushSettlements(requests.slice(0, middle))),
        ...(await this.flushSettlements(requests.slice(middle))),
      ];
    }
  }

  /** What the handler answered cannot be stored: the task fails for good, and says why. */
  private async settleUnstorable({ lease }: SettleRequest): Promise<SettleAnswer> {
    const message = 'The result holds a value that Postgres cannot store, such as a NUL character';
    const error = { code: 'result.unstorable', message, retryable: false };
    const settlement = {
      event: 'reject',
      outcome: 'rejected',
      reason: 'permanent',
      spends: 1,
      returns: 0,
      delayMs: null,
      result: undefined,
      error,
    } as const;
    const [answer] = await this.database.transaction((tx) =>
      this.tasks.settle(tx, [{ lease, settlement, fingerprint: null, logs: [] }]),
    );
    return answer ?? { late: true, outcome: 'lost' };
  }
}
