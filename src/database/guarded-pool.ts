import pg from 'pg';
import { heard } from './heard-client.js';

/**
 * What every transaction is told. A process that froze inside one must not keep its locks: Postgres hangs up on it after
 * 5 s. Ours find rows by index; a plan made while a table was small would otherwise read all of it for a while later.
 */
const BEGIN = [
  'BEGIN',
  `SET LOCAL idle_in_transaction_session_timeout = '5s'`,
  'SET LOCAL enable_seqscan = off',
  'SET LOCAL jit = off',
].join('; ');

/**
 * A pool whose transactions begin with those settings, in the same round trip. Said in every transaction, since a pooler in
 * between forgets what a session was told.
 */
export function guardedPool(options: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool(options);
  pool.on('connect', (client) => {
    heard(client);
    const query = client.query.bind(client) as (...call: unknown[]) => unknown;
    client.query = ((first: unknown, ...rest: unknown[]) =>
      query(isBegin(first) ? { ...first, text: BEGIN } : first, ...rest)) as typeof client.query;
  });
  return pool;
}

/** As Prisma's adapter says it. */
function isBegin(query: unknown): query is { text: string } {
  return typeof query === 'object' && query !== null && 'text' in query && query.text === 'BEGIN';
}
