import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.js';
import { Database } from '../../src/database/database.js';
import { newId } from '../../src/kernel/ids.js';
import { PostgresVectorStore } from '../../src/vectors/postgres-vector-store.adapter.js';
import { VectorCache } from '../../src/vectors/vector-cache.js';
import { elsewhere } from '../support/elsewhere.js';
import { freshDatabase, type TestDatabase } from '../support/stack.js';

const DIMENSION = 8;
const BYTES_EACH = DIMENSION * 4;

let server: TestDatabase;
let database: Database;
let store: PostgresVectorStore;
let collection: string;
let tenantId: string;

beforeAll(async () => {
  server = await freshDatabase();
  database = new Database({ databaseUrl: server.url, databasePoolSize: 5 } as Config);
  store = new PostgresVectorStore(database);
  collection = await store.ensureCollection({ alias: 'things', model: 'test-v1', dimension: DIMENSION });
});

beforeEach(() => {
  tenantId = newId();
});

afterAll(async () => {
  await store.onApplicationShutdown();
  await database.onApplicationShutdown();
  await server.drop();
});

async function put(source: string, count: number, tenant = tenantId): Promise<void> {
  const vector = new Float32Array(DIMENSION).fill(1);
  const points = Array.from({ length: count }, (_, at) => ({ id: `${at}`, vector, payload: {} }));
  await database.transaction((tx) =>
    store.replace(tx, { collection, tenantId: tenant, source, generation: newId(), points }),
  );
}

async function sizeIn(cache: VectorCache, tenant = tenantId): Promise<number> {
  const matrix = await cache.current({ collection, tenantId: tenant, dimension: DIMENSION });
  return matrix.select().rows.length;
}

/** A database that writes down what is asked of it. */
function watched(): { cache: VectorCache; statements: string[] } {
  const statements: string[] = [];
  const spy = Object.create(database, {
    queryIn: {
      value: (...[tx, sql, ...values]: Parameters<Database['queryIn']>) => {
        statements.push([sql, ...values].join(' '));
        return database.queryIn(tx, sql, ...values);
      },
    },
  }) as Database;
  return { cache: new VectorCache(spy, 1_000_000), statements };
}

it('reads again only the sources that changed', async () => {
  const { cache, statements } = watched();
  await put('old', 3);
  await put('changing', 2);
  expect(await sizeIn(cache)).toBe(5);
  statements.length = 0;
  expect(await sizeIn(cache)).toBe(5);
  expect(statements).toEqual([]);
  await put('changing', 4);
  expect(await sizeIn(cache)).toBe(7);
  expect(statements.join()).toContain('changing');
  expect(statements.join()).not.toContain('old');
});

it('does not read the same change twice while a long transaction holds the horizon back', async () => {
  const { cache, statements } = watched();
  await database.transaction(async (tx) => {
    await database.executeIn(tx, 'SELECT pg_current_xact_id()');
    await elsewhere(async () => {
      await put('a', 2);
      expect(await sizeIn(cache)).toBe(2);
      statements.length = 0;
      expect(await sizeIn(cache)).toBe(2);
      expect(statements).toEqual([]);
    });
  });
});

it('holds no more than its bound, dropping what was searched longest ago, and reads that again', async () => {
  const tenants = [newId(), newId(), newId()];
  await Promise.all(tenants.map((tenant) => put('a', 100, tenant)));
  const cache = new VectorCache(database, 2 * 130 * BYTES_EACH);
  for (const tenant of [...tenants, ...tenants]) {
    expect(await sizeIn(cache, tenant)).toBe(100);
    expect(cache.bytes).toBeLessThanOrEqual(2 * 130 * BYTES_EACH);
  }
  expect(cache.bytes).toBeGreaterThan(130 * BYTES_EACH);
});

it('serves a tenant that alone is beyond the bound', async () => {
  await put('a', 100);
  const cache = new VectorCache(database, 10 * BYTES_EACH);
  expect([await sizeIn(cache), await sizeIn(cache)]).toEqual([100, 100]);
});

it('finds what was restored from another server, whose transaction ids were ahead, and what came after', async () => {
  await put('restored', 2);
  const ahead = `UPDATE vector_sources SET changed_by = changed_by + 1000000000 WHERE tenant_id = $1`;
  await database.transaction((tx) => database.executeIn(tx, ahead, tenantId));
  const { cache, statements } = watched();
  expect(await sizeIn(cache)).toBe(2);
  statements.length = 0;
  expect(await sizeIn(cache)).toBe(2);
  expect(statements).toEqual([]);
  await put('restored', 3);
  await put('new', 4);
  expect(await sizeIn(cache)).toBe(7);
});

it('starts over when transaction ids run backwards, as after a restore under its feet', async () => {
  let horizon: string | undefined = '999999999999';
  const ahead = async <Row>(rows: Promise<Row[]>) =>
    (await rows).map((row) => (horizon && 'horizon' in (row as object) ? { ...row, horizon } : row));
  const skewed = Object.create(database, {
    query: { value: (...asked: Parameters<Database['query']>) => ahead(database.query(...asked)) },
    queryIn: { value: (...asked: Parameters<Database['queryIn']>) => ahead(database.queryIn(...asked)) },
  }) as Database;
  const cache = new VectorCache(skewed, 1_000_000);
  await put('a', 2);
  expect(await sizeIn(cache)).toBe(2);
  horizon = undefined;
  await put('b', 3);
  expect(await sizeIn(cache)).toBe(5);
});
