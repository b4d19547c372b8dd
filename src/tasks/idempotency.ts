import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';
import { Fault } from '../kernel/fault.js';
import type { Json } from '../kernel/json.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { IdempotencyRepository } from './idempotency.repository.js';

const MAX_KEY_LENGTH = 255;

export interface Once<T> {
  answer: T;
  /** The answer of an earlier request under the same key. */
  replayed: boolean;
}

/** The first answer to a key, again and again for 24 hours. */
@Injectable()
export class Idempotency {
  constructor(
    private readonly database: Database,
    private readonly keys: IdempotencyRepository,
  ) {}

  /**
   * Runs the work, the key and its answer in one transaction.
   * @param request what must be the same for the key to mean the same
   * @throws Fault `idempotency.mismatch`, `idempotency.in_flight`
   */
  once<T extends Json>(
    scope: TenantScope,
    key: string,
    request: unknown,
    work: (tx: Tx) => Promise<T>,
  ): Promise<Once<T>> {
    refuseBadKey(key);
    const requestHash = createHash('sha256').update(JSON.stringify(request)).digest('hex');
    return this.database.transaction(async (tx) => {
      if (!(await this.keys.tryHold(tx, scope, key))) {
        throw new Fault('idempotency.in_flight', 'The first request with this key has not ended', {
          retryAfterSeconds: 1,
        });
      }
      const earlier = await this.keys.find(tx, scope, key);
      if (!earlier) {
        const answer = await work(tx);
        await this.keys.save(tx, scope, { key, requestHash, response: answer });
        return { answer, replayed: false };
      }
      if (earlier.requestHash !== requestHash) {
        throw new Fault(
          'idempotency.mismatch',
          'The key was used for a request with another body; take a new key',
        );
      }
      return { answer: earlier.response as T, replayed: true };
    });
  }
}

function refuseBadKey(key: string): void {
  if (key.length >= 1 && key.length <= MAX_KEY_LENGTH && !key.includes('\0')) return;
  const message = `must be 1 to ${MAX_KEY_LENGTH} characters`;
  throw new Fault('request.invalid', `The Idempotency-Key ${message}`, {
    errors: [{ path: 'Idempotency-Key', message }],
  });
}
