import { afterEach, beforeEach, expect, it } from 'vitest';
import { newId } from '../../src/kernel/ids.js';
import { ReindexResult } from '../../src/reindex/reindex.contract.js';
import { ReindexDocuments } from '../../src/documents/reindex-documents.task.js';
import { TaskControlService } from '../../src/tasks/task-control.service.js';
import { provideTask } from '../../src/tasks/task-registry.js';
import { VectorCollections } from '../../src/vectors/vector-collections.js';
import { VectorStore } from '../../src/vectors/vector-store.js';
import { VectorsModule } from '../../src/vectors/vectors.module.js';
import { freshEnvironment, scope, startSubmitter, type TestApp } from '../support/apps.js';
import { eventually } from '../support/stack.js';
import { TestWorker, type Variables } from '../support/test-worker.js';

const DOCUMENTS = 320;
const MODEL = { model: 'use-lite-en-v1', dimension: 512 };

class ReindexTasksModule {}
const REINDEX_TASKS = {
  module: ReindexTasksModule,
  imports: [VectorsModule],
  providers: [provideTask(ReindexDocuments)],
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
const STORED = `
  SELECT document_id AS source, generation::text AS generation FROM documents ORDER BY document_id`;
const DONE = `SELECT coalesce(max(done), 0)::int AS done FROM reindex_runs`;

let app: TestApp;
let variables: Variables;
let drop: () => Promise<void>;
const workers: TestWorker[] = [];

beforeEach(async () => {
  const fresh = await freshEnvironment('postgres');
  ({ variables } = fresh);
  drop = () => fresh.database.drop();
  app = await startSubmitter(REINDEX_TASKS as never);
});

afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.kill()));
  await app.close();
  await drop();
});

const startWorker = async () => workers.push(await TestWorker.start(variables));

it('a re-index whose process is killed goes on in the next one, and the old vectors answer all the time', async () => {
  const { database } = app;
  await database.query(INSERT_DOCUMENTS, scope.tenantId, newId(), DOCUMENTS);
  await database.query(INSERT_CHUNKS);
  const store = app.get(VectorStore);
  const old = await store.ensureCollection({ alias: 'documents', ...MODEL });
  const vector = new Float32Array(MODEL.dimension).fill(1);
  const stored = await database.query<{ source: string; generation: string }>(STORED);
  await database.transaction(async (tx) => {
    for (const key of stored.slice(0, 20)) {
      const points = [{ id: '0', vector, payload: {} }];
      await store.replace(tx, { collection: old, tenantId: scope.tenantId, ...key, points });
    }
  });
  const asked = { collection: old, vector, limit: 50 };
  const oldAnswers = async () => expect(await store.search(scope, asked)).toHaveLength(20);
  const done = async () => (await database.query<{ done: number }>(DONE))[0]?.done ?? 0;

  const id = await app.submit({}, { type: 'documents.reindex' });
  await startWorker();
  const before = await eventually(
    async () => {
      await oldAnswers();
      const passed = await done();
      return passed >= 48 ? passed : null;
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
  expect(result).toMatchObject({ switched: true, retired: old, sources: DOCUMENTS, points: 2 * DOCUMENTS });
  expect(result.embedded).toBeLessThanOrEqual(DOCUMENTS - before);
  expect(result.found_again).toBe(1);
  expect(await store.stored(result.collection)).toBe(2 * DOCUMENTS);
  expect((await app.get(VectorCollections).serving('documents')).name).toBe(result.collection);
}, 180_000);
