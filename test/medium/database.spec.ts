import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.js';
import { Database } from '../../src/database/database.js';
import { Wire } from '../support/wire.js';
import { freshDatabase, type TestDatabase } from '../support/stack.js';

const LOCK = `SELECT pg_advisory_xact_lock(7)::text`;

describe('transactions', () => {
  let server: TestDatabase;
  let databases: Database[];

  beforeAll(async () => {
    server = await freshDatabase();
    const open = () => new Database(readConfig({ DATABASE_URL: server.url, AUTH_MODE: 'disabled' }));
    databases = [open(), open()];
  });

  afterAll(async () => {
    for (const database of databases) await database.onApplicationShutdown();
    await server.drop();
  });

  it('of a process that froze let go of their locks, and fail as an outage when it thaws', async () => {
    const [frozen, other] = databases as [Database, Database];
    const thaw = gate();
    const locked = gate();
    const late = frozen.transaction(async (tx) => {
      await frozen.queryIn(tx, LOCK);
      locked.resolve();
      await thaw.promise;
      return frozen.queryIn(tx, 'SELECT 1');
    });
    await locked.promise;
    const startMs = performance.now();
    await other.transaction((tx) => other.queryIn(tx, LOCK));
    expect(performance.now() - startMs).toBeLessThan(7_000);
    thaw.resolve();
    await expect(late).rejects.toMatchObject({ code: 'database.unavailable' });
    await expect(frozen.query('SELECT 1 AS one')).resolves.toEqual([{ one: 1 }]);
  });

  it('and reads that send a statement wrongly are a defect, which is not tried for ever as an outage is', async () => {
    const [database] = databases as [Database, Database];
    const unbound = 'SELECT $1::int + $2::int';
    const answers = [
      database.query(unbound, 1),
      database.transaction((tx) => database.queryIn(tx, unbound, 1)),
    ];
    for (const answer of answers)
      await expect(answer).rejects.toMatchObject({
        code: 'P2010',
        message: expect.stringContaining('08P01'),
      });
  });

  it('refuse a statement of their own that would need a second connection', async () => {
    const [database] = databases as [Database, Database];
    const nested = database.transaction(() => database.query('SELECT 1'));
    await expect(nested).rejects.toThrow('inside a transaction every statement goes through its `tx`');
  });

  it('and reads do not wait for ever on a way to Postgres that was cut in silence', async () => {
    const wire = await Wire.to(Number(new URL(server.url).port));
    const database = new Database(
      readConfig({ DATABASE_URL: wire.through(server.url), AUTH_MODE: 'disabled' }),
    );
    await database.query('SELECT 1');
    wire.cut();
    const [read, transaction] = await Promise.allSettled([
      database.query('SELECT 1'),
      database.transaction((tx) => database.queryIn(tx, 'SELECT 1')),
    ]);
    const outage = { status: 'rejected', reason: { code: 'database.unavailable' } };
    expect([read, transaction]).toMatchObject([outage, outage]);
    await wire.close();
    await database.client.$disconnect();
  });
});

function gate() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve: () => resolve() };
}
