import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../src/kernel/ids.js';
import { ReindexResult } from '../../src/reindex/reindex.contract.js';
import { ReindexDocuments } from '../../src/documents/reindex-documents.task.js';
import { ReindexImages } from '../../src/images/reindex-images.task.js';
import { TaskControlService } from '../../src/tasks/task-control.service.js';
import { provideTask } from '../../src/tasks/task-registry.js';
import { VectorCollections } from '../../src/vectors/vector-collections.js';
import { VectorStore } from '../../src/vectors/vector-store.js';
import { VectorsModule } from '../../src/vectors/vectors.module.js';
import { freshEnvironment, scope, startSubmitter, type TestApp } from '../support/apps.js';
import { patchwork } from '../support/made-pictures.js';
import { eventually } from '../support/stack.js';
import { TestWorker, type Variables } from '../support/test-worker.js';

class ReindexTasksModule {}
const REINDEX_TASKS = {
  module: ReindexTasksModule,
  imports: [VectorsModule],
  providers: [provideTask(ReindexDocuments), provideTask(ReindexImages)],
};

const INSERT_DOCUMENTS = `
  INSERT INTO documents (tenant_id, document_id, file_name, storage_key, task_id, content_type, chunks, generation, processed_at)
  SELECT $1, 'doc-' || lpad(n::text, 4, '0'), 'n.txt', 'n.txt', $2::uuid, 'text/plain', 2, gen_random_uuid(), now()
  FROM generate_series(1, $3::int) n`;
const INSERT_CHUNKS = `
  INSERT INTO document_chunks (tenant_id, document_id, ordinal, page, start_offset, end_offset, text)
  SELECT tenant_id, document_id, o, 1, 0, 1,
         'The keeper of ' || document_id || ' wrote chapter ' || o || ' about ' || repeat(md5(document_id || o) || ' ', 6)
  FROM documents, generate_series(0, 1) o`;
/** $4: thumbnails, which are taken in turn. */
const INSERT_IMAGES = `
  INSERT INTO images (id, tenant_id, product_id, image_id, metadata, image_path, task_id, thumbnail_key, generation, processed_at)
  SELECT gen_random_uuid(), $1, 'product-' || n, 'main', '{}', 'n.png', $2::uuid, 'thumbnails/' || n % $4::int || '.webp',
         gen_random_uuid(), now()
  FROM generate_series(1, $3::int) n`;
const THUMBNAILS = 12;

/** What is stored, how it came there, and how many vectors the built-in model makes of each. */
const KINDS = [
  {
    what: 'documents',
    items: 320,
    killedAt: 48,
    each: 2,
    model: { model: 'use-lite-en-v1', dimension: 512 },
    stored:
      'SELECT document_id AS source, generation::text AS generation FROM documents ORDER BY document_id',
    seed: async (items: number) => {
      await app.database.query(INSERT_DOCUMENTS, scope.tenantId, newId(), items);
      await app.database.query(INSERT_CHUNKS);
    },
  },
  {
    what: 'images',
    items: 96,
    killedAt: 32,
    each: 1,
    model: { model: 'mobilenet-v2-look-v1', dimension: 1_328 },
    stored: 'SELECT id::text AS source, generation::text AS generation FROM images ORDER BY id',
    seed: async (items: number) => {
      mkdirSync(join(root, 'thumbnails'));
      for (let at = 0; at < THUMBNAILS; at += 1)
        writeFileSync(join(root, `thumbnails/${at}.webp`), await patchwork(at).webp().toBuffer());
      await app.database.query(INSERT_IMAGES, scope.tenantId, newId(), items, THUMBNAILS);
    },
  },
];
const DONE = `SELECT coalesce(max(done), 0)::int AS done FROM reindex_runs`;

let app: TestApp;
let variables: Variables;
let root: string;
let drop: () => Promise<void>;
const workers: TestWorker[] = [];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'intake-reindex-'));
  const fresh = await freshEnvironment('postgres', { STORAGE_ROOT: root });
  ({ variables } = fresh);
  drop = () => fresh.database.drop();
  app = await startSubmitter(REINDEX_TASKS as never);
});

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.kill()));
  await app.close();
  await drop();
  rmSync(root, { recursive: true });
});

const startWorker = async () => workers.push(await TestWorker.start(variables));

describe.each(KINDS)('of $what', ({ what, items, killedAt, each, model, stored, seed }) => {
  it('a re-index whose process is killed goes on in the next one, and the old vectors answer all the time', async () => {
    const { database } = app;
    await seed(items);
    const store = app.get(VectorStore);
    const old = await store.ensureCollection({ alias: what, ...model });
    const vector = new Float32Array(model.dimension).fill(1);
    const keys = await database.query<{ source: string; generation: string }>(stored);
    await database.transaction(async (tx) => {
      for (const key of keys.slice(0, 20)) {
        const points = [{ id: '0', vector, payload: {} }];
        await store.replace(tx, { collection: old, tenantId: scope.tenantId, ...key, points });
      }
    });
    const asked = { collection: old, vector, limit: 50 };
    const oldAnswers = async () => expect(await store.search(scope, asked)).toHaveLength(20);
    const done = async () => (await database.query<{ done: number }>(DONE))[0]?.done ?? 0;

    const id = await app.submit({}, { type: `${what}.reindex` });
    await startWorker();
    const before = await eventually(
      async () => {
        await oldAnswers();
        const passed = await done();
        return passed >= killedAt ? passed : null;
      },
      { timeoutMs: 60_000 },
    );
    await workers[0]?.kill();
    expect((await app.task(id)).status).toBe('processing');
    await oldAnswers();
    await startWorker();
    const task = await eventually(
      async () => {
        await oldAnswers();
        const view = await app.get(TaskControlService).get(scope, id);
        return view.finished_at === null ? null : view;
      },
      { timeoutMs: 90_000 },
    );

    expect(task.status).toBe('completed');
    const result = ReindexResult.parse(task.result);
    expect(result).toMatchObject({ switched: true, retired: old, sources: items, points: each * items });
    expect(result.embedded).toBeLessThanOrEqual(items - before);
    expect(result.found_again).toBe(1);
    expect(await store.stored(result.collection)).toBe(each * items);
    expect((await app.get(VectorCollections).serving(what)).name).toBe(result.collection);
  }, 180_000);
});
