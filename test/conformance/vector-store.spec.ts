import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.js';
import { Database } from '../../src/database/database.js';
import type { Tx } from '../../src/database/transaction.js';
import { newId } from '../../src/kernel/ids.js';
import { PostgresVectorStore } from '../../src/vectors/postgres-vector-store.adapter.js';
import { QdrantServer } from '../../src/vectors/qdrant-server.adapter.js';
import { QdrantVectorStore } from '../../src/vectors/qdrant-vector-store.adapter.js';
import type { Payload, VectorPoint, VectorQuery, VectorStore } from '../../src/vectors/vector-store.js';
import { elsewhere } from '../support/elsewhere.js';
import { FakeQdrant } from '../support/fake-qdrant.js';
import { freshDatabase, type TestDatabase } from '../support/stack.js';

type ClosableStore = VectorStore & { onApplicationShutdown(): Promise<void> };

/** Shorter than in earnest, since these tests replace all the time; far longer than a search of theirs. */
const GRACE_MS = 5_000;

interface Adapter {
  name: string;
  open: (database: Database) => ClosableStore;
}

const fake = new FakeQdrant();
const { QDRANT_URL, QDRANT_API_KEY } = process.env;

const adapters: Adapter[] = [
  { name: 'postgres', open: (database) => new PostgresVectorStore(database) },
  {
    name: 'qdrant',
    open: (database) => new QdrantVectorStore(database, new QdrantServer({ url: fake.url }), GRACE_MS),
  },
  ...(QDRANT_URL
    ? [
        {
          name: `qdrant at ${QDRANT_URL}`,
          open: (database: Database) =>
            new QdrantVectorStore(database, new QdrantServer({ url: QDRANT_URL, apiKey: QDRANT_API_KEY })),
        },
      ]
    : []),
];

beforeAll(async () => {
  await fake.start();
});

afterAll(async () => {
  await fake.stop();
  expect(fake.refused).toEqual([]);
});

const DIMENSION = 4;

function point(id: string, vector: readonly number[], payload: Payload = {}): VectorPoint {
  return { id, vector: Float32Array.from(vector), payload };
}

/** Turns away from the first axis, a little more at each place. */
const turned = (at: number) => [Math.cos(at / 4_000), Math.sin(at / 4_000), 0, 0];

describe.each(adapters)('vector store on $name', ({ open }) => {
  let server: TestDatabase;
  let database: Database;
  let store: ClosableStore;
  /** Stands for another process. */
  let other: ClosableStore;
  let collection: string;
  let tenantId: string;

  beforeAll(async () => {
    server = await freshDatabase();
    database = new Database({ databaseUrl: server.url, databasePoolSize: 20 } as Config);
    [store, other] = [open(database), open(database)];
    collection = await store.ensureCollection({ alias: 'things', model: 'test-v1', dimension: DIMENSION });
  });

  beforeEach(() => {
    tenantId = newId();
  });

  afterAll(async () => {
    await Promise.all([store.onApplicationShutdown(), other.onApplicationShutdown()]);
    await database.onApplicationShutdown();
    await server.drop();
  });

  const replaceIn = (tx: Tx, source: string, points: VectorPoint[], to: Partial<{ tenantId: string }> = {}) =>
    store.replace(tx, { collection, tenantId, source, generation: newId(), points, ...to });

  const replace = (source: string, points: VectorPoint[], to: Partial<{ tenantId: string }> = {}) =>
    database.transaction((tx) => replaceIn(tx, source, points, to));

  const fill = (source: string, size: number, generation: number) =>
    replace(
      source,
      Array.from({ length: size }, (_, at) => point(`${at}`, [1, at, 0, 0], { generation })),
    );

  const search = (query: Partial<VectorQuery> = {}, by: { store?: VectorStore; tenantId?: string } = {}) =>
    (by.store ?? store).search(
      { tenantId: by.tenantId ?? tenantId },
      { collection, vector: Float32Array.of(1, 0, 0, 0), limit: 10, ...query },
    );

  const found = async (...args: Parameters<typeof search>) => (await search(...args)).map(({ id }) => id);

  describe('collections', () => {
    it('carry model and dimension in their names', () => {
      expect(collection).toContain('test-v1');
      expect(collection).toContain(`${DIMENSION}`);
    });

    it('are made once, however many ask', async () => {
      const spec = { alias: 'many', model: 'test-v1', dimension: DIMENSION };
      const names = await Promise.all(
        Array.from({ length: 8 }, (_, at) => (at % 2 ? store : other).ensureCollection(spec)),
      );
      expect(new Set(names).size).toBe(1);
    });

    it('keep the vectors of two models apart', async () => {
      const second = await store.ensureCollection({
        alias: 'things',
        model: 'test-v2',
        dimension: DIMENSION,
      });
      await replace('a', [point('first', [1, 0, 0, 0])]);
      expect(await found({ collection: second })).toEqual([]);
      expect(await found()).toEqual(['first']);
    });

    it('must be known', async () => {
      await expect(search({ collection: 'nobody' })).rejects.toMatchObject({
        code: 'vectors.collection_unknown',
      });
      const write = database.transaction((tx) =>
        store.replace(tx, { collection: 'nobody', tenantId, source: 'a', generation: newId(), points: [] }),
      );
      await expect(write).rejects.toMatchObject({ code: 'vectors.collection_unknown' });
    });
  });

  describe('search', () => {
    it('ranks by cosine, whatever the lengths, and carries source and payload', async () => {
      await replace('a', [
        point('near', [2, 2, 0, 0], { page: 3, heading: 'Näh "e"', nested: { deep: [1, null] } }),
        point('opposite', [-0.1, 0, 0, 0]),
        point('same', [500, 0, 0, 0]),
      ]);
      const hits = await search({ vector: Float32Array.of(7, 0, 0, 0) });
      expect(hits.map(({ id, source }) => `${source}/${id}`)).toEqual(['a/same', 'a/near', 'a/opposite']);
      [1, Math.SQRT1_2, -1].forEach((score, at) => expect(hits[at].score).toBeCloseTo(score, 5));
      expect(hits[1].payload).toEqual({ page: 3, heading: 'Näh "e"', nested: { deep: [1, null] } });
    });

    it('gives no more than the limit, and what there is', async () => {
      await replace('a', [point('1', [1, 0, 0, 0]), point('2', [1, 1, 0, 0]), point('3', [1, 2, 0, 0])]);
      expect(await found({ limit: 2 })).toEqual(['1', '2']);
      expect(await found({ limit: 200 })).toEqual(['1', '2', '3']);
      expect(await found({}, { tenantId: newId() })).toEqual([]);
    });

    it('keeps to the sources and payload fields of the filter', async () => {
      await replace('a', [
        point('a1', [1, 0, 0, 0], { kind: 'x', page: 1 }),
        point('a2', [1, 1, 0, 0], { kind: 'y' }),
      ]);
      await replace('b', [point('b1', [1, 2, 0, 0], { kind: 'x', page: 2 })]);
      await replace('c', [point('c1', [1, 3, 0, 0], { kind: 'x', page: 1 })]);
      expect(await found({ filter: { source: 'b' } })).toEqual(['b1']);
      expect(await found({ filter: { source: ['c', 'a'] } })).toEqual(['a1', 'a2', 'c1']);
      expect(await found({ filter: { source: [] } })).toEqual([]);
      expect(await found({ filter: { payload: { kind: 'x', page: 1 } } })).toEqual(['a1', 'c1']);
      expect(await found({ filter: { source: ['a', 'b'], payload: { kind: 'x' } } })).toEqual(['a1', 'b1']);
      expect(await found({ filter: { payload: { missing: 'x' } } })).toEqual([]);
    });

    it('refuses a vector of another dimension, on both ways', async () => {
      const fault = { code: 'vectors.dimension_mismatch', detail: expect.stringMatching(/3 numbers.* 4/) };
      await expect(search({ vector: Float32Array.of(1, 0, 0) })).rejects.toMatchObject(fault);
      await expect(replace('a', [point('1', [1, 0, 0])])).rejects.toMatchObject(fault);
    });

    it('refuses a vector that points nowhere', async () => {
      await expect(replace('a', [point('1', [0, 0, 0, 0])])).rejects.toMatchObject({
        code: 'vectors.invalid',
      });
      await expect(replace('a', [point('1', [NaN, 0, 0, 0])])).rejects.toMatchObject({
        code: 'vectors.invalid',
      });
    });
  });

  describe('writing', () => {
    it('replaces all that the source had', async () => {
      await replace('a', [point('1', [1, 0, 0, 0]), point('2', [1, 1, 0, 0])]);
      await replace('b', [point('1', [1, 2, 0, 0])]);
      await replace('a', [point('2', [1, 0, 0, 0]), point('3', [1, 1, 0, 0])]);
      expect((await search()).map(({ id, source }) => source + id)).toEqual(['a2', 'a3', 'b1']);
      await replace('a', []);
      expect(await found()).toEqual(['1']);
    });

    it('may be repeated without a trace', async () => {
      const points = [point('1', [1, 0, 0, 0]), point('2', [1, 1, 0, 0])];
      const generation = newId();
      for (let time = 0; time < 3; time += 1) {
        await database.transaction((tx) =>
          store.replace(tx, { collection, tenantId, source: 'a', generation, points }),
        );
      }
      expect(await found()).toEqual(['1', '2']);
      expect(await store.count({ tenantId }, { collection })).toBe(2);
    });

    it('shows nothing before the commit and nothing after a rollback', async () => {
      await replace('a', [point('old', [1, 0, 0, 0])]);
      const failed = database.transaction(async (tx) => {
        await replaceIn(tx, 'a', [point('new', [1, 0, 0, 0])]);
        await replaceIn(tx, 'b', [point('b', [1, 0, 0, 0])]);
        expect(await elsewhere(found)).toEqual(['old']);
        throw new Error('changed my mind');
      });
      await expect(failed).rejects.toThrow('changed my mind');
      expect(await found()).toEqual(['old']);
      expect(await store.count({ tenantId }, { collection })).toBe(1);
    });

    it('deletes a source, and does not mind one that is not there', async () => {
      await replace('a', [point('1', [1, 0, 0, 0])]);
      await replace('b', [point('2', [1, 0, 0, 0])]);
      expect(await found()).toHaveLength(2);
      await database.transaction(async (tx) => {
        await store.delete(tx, { collection, tenantId, source: 'a' });
        await store.delete(tx, { collection, tenantId, source: 'nobody' });
      });
      expect(await found()).toEqual(['2']);
      await replace('a', [point('again', [1, 0, 0, 0])]);
      expect((await found()).toSorted()).toEqual(['2', 'again']);
    });

    it('counts points by tenant and by source', async () => {
      await replace('a', [point('1', [1, 0, 0, 0]), point('2', [1, 0, 0, 0])]);
      await replace('b', [point('1', [1, 0, 0, 0])]);
      expect(await store.count({ tenantId }, { collection })).toBe(3);
      expect(await store.count({ tenantId }, { collection, source: 'a' })).toBe(2);
      expect(await store.count({ tenantId: newId() }, { collection })).toBe(0);
    });

    it('takes thousands of points, in one source and in many', async () => {
      await replace(
        'large',
        Array.from({ length: 4_100 }, (_, at) => point(`${at}`, turned(at), { at })),
      );
      await database.transaction(async (tx) => {
        for (let at = 0; at < 300; at += 1) {
          await replaceIn(
            tx,
            `small-${at}`,
            Array.from({ length: 9 }, (_, n) => point(`${n}`, [0, 0, 1, n + at])),
          );
        }
      });
      expect(await store.count({ tenantId }, { collection })).toBe(4_100 + 2_700);
      // Asked from some way beyond: nearer to their direction, scores of 32 bits could not tell neighbours apart.
      const vector = Float32Array.from(turned(8_099));
      expect(await found({ vector, limit: 3 }, { store: other })).toEqual(['4099', '4098', '4097']);
      const small = await search({ vector: Float32Array.of(0, 0, -1, 1), limit: 1 }, { store: other });
      expect(small[0]).toMatchObject({ source: 'small-299', id: '8' });
    });
  });

  describe('tenants', () => {
    it('never see each other, though names and ids are the same', async () => {
      const stranger = newId();
      await replace('a', [point('1', [1, 0, 0, 0], { whose: 'mine' })]);
      await replace('a', [point('1', [1, 0, 0, 0], { whose: 'theirs' })], { tenantId: stranger });
      const mine = await search({ filter: { source: 'a' } });
      expect(mine.map(({ payload }) => payload)).toEqual([{ whose: 'mine' }]);

      await replace('a', [], { tenantId: stranger });
      await database.transaction((tx) => store.delete(tx, { collection, tenantId: stranger, source: 'a' }));
      expect(await found()).toEqual(['1']);
      expect(await store.count({ tenantId: stranger }, { collection })).toBe(0);
    });
  });

  describe('several processes', () => {
    it('see each other’s commits at once', async () => {
      for (let time = 1; time <= 20; time += 1) {
        const [writer, reader] = time % 2 ? [store, other] : [other, store];
        const points = [point(`${time}`, [1, 0, 0, 0])];
        await database.transaction((tx) =>
          writer.replace(tx, { collection, tenantId, source: 'a', generation: newId(), points }),
        );
        expect(await found({}, { store: reader })).toEqual([`${time}`]);
      }
    });

    it('see a transaction that began early and committed late', async () => {
      await replace('late', [point('before', [1, 0, 0, 0])]);
      await database.transaction(async (tx) => {
        await replaceIn(tx, 'late', [point('late', [1, 0, 0, 0])]);
        await store.delete(tx, { collection, tenantId, source: 'gone' });
        await elsewhere(() => replace('early', [point('early', [1, 1, 0, 0])]));
        expect(await elsewhere(found)).toEqual(['before', 'early']);
        expect(await elsewhere(found)).toEqual(['before', 'early']);
      });
      expect(await found()).toEqual(['late', 'early']);
    });

    it('never see half of a source while others write it', async () => {
      const sizes = { large: 2_100, small: 40, tiny: 1 };
      const whole = Object.entries(sizes).map(([source, size]) => `${source} x${size}`);
      await Promise.all(Object.entries(sizes).map(([source, size]) => fill(source, size, 0)));

      const writers = Object.entries(sizes).flatMap(([source, size]) =>
        [100, 200].map(async (generation) => {
          for (let time = 1; time <= 12; time += 1) await fill(source, size, generation + time);
        }),
      );
      const written = new AbortController();
      let searches = 0;
      const reader = async (by: VectorStore) => {
        for (; !written.signal.aborted; searches += 1) {
          expect(generationsOf(await search({ limit: 5_000 }, { store: by }))).toEqual(whole);
        }
      };
      const readers = [store, other].map(reader);
      await Promise.all([...readers, Promise.all(writers).finally(() => written.abort())]);
      expect(searches).toBeGreaterThan(4);
    });
  });
});

/** Per source the number of its points, if all are of one generation. */
function generationsOf(hits: { source: string; payload: Payload }[]): string[] {
  const sources = [...new Set(hits.map(({ source }) => source))];
  return sources.toSorted().map((source) => {
    const generations = hits
      .filter((hit) => hit.source === source)
      .map(({ payload }) => Number(payload.generation));
    const torn = new Set(generations).size > 1;
    return torn ? `${source} of ${generations.join()}` : `${source} x${generations.length}`;
  });
}
