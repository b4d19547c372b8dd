import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { PrismaPg } from '@prisma/adapter-pg';
import { Config } from '../config/config.js';
import { PrismaClient } from '../generated/prisma/client.js';
import { asDatabaseFault, isRepeatable } from './database-fault.js';
import { guardedPool } from './guarded-pool.js';
import { PreparedStatements } from './prepared-statements.js';
import type { Tx } from './transaction.js';

/** Longest life of one of our transactions; Prisma's own 5 s is too short for a batch behind a busy lock. */
const TRANSACTION_TIMEOUT_MS = 30_000;
const MAX_REPEATS = 5;

/** The one way to Postgres: Prisma for ordinary work, named SQL for hot statements, both in the same transaction. */
@Injectable()
export class Database implements OnApplicationShutdown {
  private readonly prisma: PrismaClient;
  private readonly pool: ReturnType<typeof guardedPool>;
  private readonly inTransaction = new AsyncLocalStorage<Array<() => void>>();
  private readonly statements = new PreparedStatements();

  constructor(config: Config) {
    this.pool = guardedPool({
      connectionString: config.databaseUrl,
      max: config.databasePoolSize,
      connectionTimeoutMillis: 5_000,
      query_timeout: TRANSACTION_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      application_name: 'intake',
    });
    // Behind a pooler each transaction may meet another server connection, which does not know the names.
    const isDirect = config.databaseUrl === config.databaseDirectUrl;
    const adapter = new PrismaPg(this.pool, {
      disposeExternalPool: true,
      ...(isDirect ? { statementNameGenerator: ({ sql }) => this.statements.nameOf(sql) } : {}),
    });
    this.prisma = new PrismaClient({
      adapter,
      transactionOptions: { maxWait: 10_000, timeout: TRANSACTION_TIMEOUT_MS },
    });
  }

  /**
   * For reads and writes outside a transaction. Repositories and adapters only. Refused within one: with every
   * connection of the pool held by a transaction that waits for another one, none would ever end.
   */
  get client(): PrismaClient {
    if (this.inTransaction.getStore()) {
      throw new Error('inside a transaction every statement goes through its `tx`');
    }
    return this.prisma;
  }

  /** The pool's connections: idle, busy, and how many callers wait for one. */
  get connections(): { idle: number; busy: number; waiting: number } {
    const { idleCount, totalCount, waitingCount } = this.pool;
    return { idle: idleCount, busy: totalCount - idleCount, waiting: waitingCount };
  }

  /**
   * Runs the work in one READ COMMITTED transaction; a deadlock or serialisation failure repeats it whole, so the
   * work must hold no effect outside of `tx`.
   * @throws Fault `database.unavailable` when Postgres cannot be reached; the outcome of a commit may then be unknown
   */
  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    for (let repeat = 1; ; repeat += 1) {
      const afterwards: Array<() => void> = [];
      try {
        const answer = await this.client.$transaction((tx) =>
          this.inTransaction.run(afterwards, () => work(tx as Tx)),
        );
        for (const act of afterwards) act();
        return answer;
      } catch (error) {
        if (repeat < MAX_REPEATS && isRepeatable(error)) continue;
        throw asDatabaseFault(error) ?? error;
      }
    }
  }

  /** Runs once the surrounding transaction has committed; not at all when it fails. For signals, which must not throw. */
  afterCommit(act: () => void): void {
    const afterwards = this.inTransaction.getStore();
    if (!afterwards) throw new Error('there is no transaction around this');
    afterwards.push(act);
  }

  /** One statement outside a transaction. */
  async query<Row>(sql: string, ...parameters: unknown[]): Promise<Row[]> {
    this.statements.remember(sql);
    try {
      return await this.client.$queryRawUnsafe<Row[]>(sql, ...parameters);
    } catch (error) {
      throw asDatabaseFault(error) ?? error;
    }
  }

  /** @param sql a constant of ours, values only as parameters: its text is kept prepared */
  queryIn<Row>(tx: Tx, sql: string, ...parameters: unknown[]): Promise<Row[]> {
    this.statements.remember(sql);
    return tx.$queryRawUnsafe<Row[]>(sql, ...parameters);
  }

  /** @returns the number of rows that the statement touched */
  executeIn(tx: Tx, sql: string, ...parameters: unknown[]): Promise<number> {
    this.statements.remember(sql);
    return tx.$executeRawUnsafe(sql, ...parameters);
  }

  /** Nest calls this last of all: work that drains still settles. */
  async onApplicationShutdown(): Promise<void> {
    await this.prisma.$disconnect();
  }
}
