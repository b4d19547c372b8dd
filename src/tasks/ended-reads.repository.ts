import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Tx } from '../database/transaction.js';

/** Reads for observers, within the transaction that ended what they read; whose it is they know already. */
@Injectable()
export class EndedReadsRepository {
  constructor(private readonly database: Database) {}

  /** When this transaction began: the time that it stores. */
  async now(tx: Tx): Promise<Date> {
    const [row] = await this.database.queryIn<{ now: Date }>(tx, 'SELECT now() AS now');
    if (!row) throw new Error('Postgres told no time');
    return row.now;
  }

  tasks(tx: Tx, ids: readonly string[]) {
    return tx.task.findMany({ where: { id: { in: [...ids] } }, orderBy: { id: 'asc' } });
  }

  batch(tx: Tx, id: string) {
    return tx.batch.findUniqueOrThrow({ where: { id } });
  }

  batchCounts(tx: Tx, batchId: string) {
    return tx.task.groupBy({ by: ['status'], where: { batchId }, _count: true });
  }

  async workerNames(tx: Tx, incarnations: ReadonlyArray<string | null>): Promise<Map<string, string>> {
    const known = [...new Set(incarnations.filter((id) => id !== null))];
    const where = { incarnation: { in: known } };
    const rows =
      known.length > 0 ? await tx.worker.findMany({ where, select: { incarnation: true, name: true } }) : [];
    return new Map(rows.map(({ incarnation, name }) => [incarnation, name]));
  }
}
