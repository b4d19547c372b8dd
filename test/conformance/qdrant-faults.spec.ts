import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.js';
import { Database } from '../../src/database/database.js';
import { newId } from '../../src/kernel/ids.js';
import { QdrantLeftoversSweep } from '../../src/vectors/qdrant-leftovers.sweep.js';
import { QdrantServer } from '../../src/vectors/qdrant-server.adapter.js';
import { QdrantVectorStore } from '../../src/vectors/qdrant-vector-store.adapter.js';
import { elsewhere } from '../support/elsewhere.js';
import { FakeQdrant } from '../support/fake-qdrant.js';
import { eventually, freshDatabase, type TestDatabase } from '../support/stack.js';

const KEY = 'a key of the tests';
const DIMENSION = 3;

let server: TestDatabase;
let database: Database;
let qdrant: FakeQdrant;
let store: QdrantVectorStore;
let collection: string;
const tenantId = 'somebody';

beforeAll(async () => {
  server = await freshDatabase();
  database = new Database({ databaseUrl: server.url, databasePoolSize: 5 } as Config);
});

beforeEach(async () => {
  qdrant = await new FakeQdrant(KEY).start();
  store = open();
  collection = await store.addCollection({ alias: newId(), model: 'org/model v1', dimension: DIMENSION });
});

afterEach(async () => {
  await store.onApplicationShutdown();
  await qdrant.stop();
  expect(qdrant.refused).toEqual([]);
});

afterAll(async () => {
  await database.onApplicationShutdown();
  await server.drop();
});

function open(patience = { timeoutMs: 1_000, patienceMs: 1_500 }, apiKey = KEY): QdrantVectorStore {
  return new QdrantVectorStore(database, new QdrantServer({ url: qdrant.url, apiKey }, patience), 0);
}

const points = (count: number) =>
  Array.from({ length: count }, (_, at) => ({
    id: `${at}`,
    vector: Float32Array.of(1, at, 0),
    payload: { at },
  }));

const write = (source: string, count: number, generation = newId()) =>
  database.transaction((tx) =>
    store.replace(tx, { collection, tenantId, source, generation, points: points(count) }),
  );

const found = async () => {
  const hits = await store.search(
    { tenantId },
    { collection, vector: Float32Array.of(1, 0, 0), limit: 1_000 },
  );
  return hits.map(({ source, id }) => `${source}${id}`).toSorted();
};

const unavailable = (detail = /./) => ({
  code: 'vectors.unavailable',
  retryable: true,
  detail: expect.stringMatching(detail),
});

it('prepares a collection named for purpose, model and dimension, with an index for all that filters ask', () => {
  expect(collection).toMatch(/-org_model_v1-3-[0-9a-f]{8}$/);
  const indexes = qdrant.collections.get(collection)?.indexes;
  expect(Object.keys(indexes ?? {}).toSorted()).toEqual([
    'generation',
    'source',
    'tenant_id',
    'terms',
    'written_by',
  ]);
  expect(indexes?.tenant_id?.params).toMatchObject({ is_tenant: true });
});

it('writes large sources in bounded batches', async () => {
  await write('a', 300);
  expect(qdrant.requests.filter((name) => name.startsWith('PUT') && name.endsWith('/points'))).toHaveLength(
    3,
  );
  expect(await found()).toHaveLength(300);
});

it.each(['fail', 'cut', 'lose_answer', 'acknowledge', 'hang'] as const)(
  'tries again when a request is met by: %s; and writes nothing twice',
  async (does) => {
    qdrant.trouble({ on: /PUT .*points$/, does });
    qdrant.trouble({ on: /query$/, does: does === 'acknowledge' ? 'fail' : does });
    await write('a', 2);
    expect(await found()).toEqual(['a0', 'a1']);
    expect(qdrant.size).toBe(2);
  },
);

it('gives up in the middle of a batch: the transaction fails, nothing of it is ever found, the sweep removes it', async () => {
  await write('a', 2);
  qdrant.trouble({ on: /PUT .*points$/, spares: 2, times: 99, does: 'fail' });
  await expect(write('a', 300)).rejects.toMatchObject(unavailable(/refused a request \(500\)/));
  qdrant.heal();
  expect(qdrant.size).toBe(2 + 256);
  expect(await found()).toEqual(['a0', 'a1']);
  expect(await sweepAll()).toBeGreaterThan(0);
  expect(qdrant.size).toBe(2);
  expect(await found()).toEqual(['a0', 'a1']);
});

it('leaves alone what a transaction is still writing, and what is current', async () => {
  await write('b', 2);
  await database.transaction(async (tx) => {
    await store.replace(tx, { collection, tenantId, source: 'a', generation: newId(), points: points(3) });
    expect(await elsewhere(sweepAll)).toBe(0);
  });
  expect(await sweepAll()).toBe(0);
  expect(await found()).toHaveLength(5);
});

it('removes what was replaced and what was deleted, after the commit', async () => {
  await write('a', 5);
  await write('a', 2);
  await eventually(() => qdrant.size === 2);
  await database.transaction((tx) => store.delete(tx, { collection, tenantId, source: 'a' }));
  await eventually(() => qdrant.size === 0);
});

it('repeats a transaction that met a deadlock, and the sweep of the first try spares the second', async () => {
  const generation = newId();
  const replace = () =>
    database.transaction(async (tx) => {
      await store.replace(tx, { collection, tenantId, source: 'a', generation, points: points(2) });
      if ((tries += 1) === 1) throw Object.assign(new Error('deadlock'), { code: '40P01' });
    });
  let tries = 0;
  await replace();
  expect([tries, await sweepAll(), await found()]).toEqual([2, 0, ['a0', 'a1']]);
});

it('says that the server cannot be reached, and is fine once it is back', async () => {
  await write('a', 1);
  await qdrant.stop();
  await expect(found()).rejects.toMatchObject(unavailable(/cannot be reached; check QDRANT_URL/));
  await expect(write('b', 1)).rejects.toMatchObject(unavailable());
  await expect(store.health()).rejects.toMatchObject(unavailable());
  await qdrant.start();
  await store.health();
  await write('b', 1);
  expect(await found()).toEqual(['a0', 'b0']);
});

it('gives up on a server that does not answer', async () => {
  qdrant.trouble({ on: /query$/, times: 99, does: 'hang' });
  await expect(found()).rejects.toMatchObject(unavailable());
});

it('comes back when the server says', async () => {
  qdrant.trouble({ on: /query$/, does: 'spare' });
  await expect(found()).rejects.toMatchObject({ ...unavailable(), options: { retryAfterSeconds: 7 } });
});

it('tells a key that is refused from a server that is away, and shows neither', async () => {
  const stranger = open(undefined, 'wrong');
  await expect(stranger.health()).rejects.toMatchObject(unavailable(/QDRANT_API_KEY/));
  await expect(stranger.health()).rejects.not.toMatchObject({ detail: expect.stringContaining('wrong') });
});

it('refuses a collection that exists with another dimension, and names it', async () => {
  const other = open();
  Object.assign(qdrant.collections.get(collection) ?? {}, { size: 8 });
  await expect(
    other.search({ tenantId }, { collection, vector: Float32Array.of(1, 0, 0), limit: 1 }),
  ).rejects.toMatchObject({
    code: 'vectors.dimension_mismatch',
    detail: expect.stringContaining(collection),
  });
});

it('does not hide that the server lost a collection by making an empty one', async () => {
  await write('a', 1);
  qdrant.collections.clear();
  const lost = { code: 'vectors.collection_lost', detail: expect.stringContaining('intake rebuild-vectors') };
  await expect(found()).rejects.toMatchObject(lost);
  store = open();
  await expect(found()).rejects.toMatchObject(lost);
  await expect(write('b', 1)).rejects.toMatchObject(lost);
  expect(qdrant.collections.size).toBe(0);
});

it('drops a collection whole', async () => {
  await write('a', 3);
  await store.clear(collection);
  expect(qdrant.collections.size).toBe(0);
  expect(await store.count({ tenantId }, { collection })).toBe(0);
  await store.clear(collection);
});

/** Two passes: one finds, the next deletes. @returns how much it counted */
async function sweepAll(): Promise<number> {
  const sweep = new QdrantLeftoversSweep(database, new QdrantServer({ url: qdrant.url, apiKey: KEY }));
  const others = `UPDATE vector_collections SET swept_at = CASE WHEN name = $1 THEN NULL ELSE now() END`;
  await database.transaction((tx) => database.executeIn(tx, others, collection));
  const first = await sweep.runOnce();
  const second = await sweep.runOnce();
  return (first.vector_leftovers ?? 0) + (second.vector_leftovers ?? 0);
}
