import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { ConfigModule } from '../../src/config/config.module.js';
import { DatabaseModule } from '../../src/database/database.module.js';
import { ImageEmbedders } from '../../src/engines/embeddings/image-embedders.js';
import { ImageErasureController } from '../../src/images/image-erasure.controller.js';
import { ERASE_IMAGES } from '../../src/images/image-erasure.js';
import { IMAGES, ImageIndex } from '../../src/images/image-index.js';
import { ImagesApiModule } from '../../src/images/images.module.js';
import { ImagesRepository } from '../../src/images/images.repository.js';
import { newId } from '../../src/kernel/ids.js';
import type { TenantScope } from '../../src/kernel/tenant-scope.js';
import { OperationsService } from '../../src/operations/operations.service.js';
import { ObjectStore } from '../../src/storage/object-store.js';
import { newUploadKey } from '../../src/storage/upload-keys.js';
import { TelemetryModule } from '../../src/telemetry/telemetry.module.js';
import { WebhooksModule } from '../../src/webhooks/webhooks.module.js';
import { AliasVectors } from '../../src/vectors/alias-vectors.js';
import { freshEnvironment, scope, start, type TestApp } from '../support/apps.js';
import { eventually, type TestDatabase } from '../support/stack.js';
import { TestWorker, type Variables } from '../support/test-worker.js';

const PATIENT = { timeoutMs: 60_000 };
const other: TenantScope = { tenantId: 'other' };

let root: string;
let variables: Variables;
let database: TestDatabase;
/** Asks for erasures, and does nothing of them itself. */
let app: TestApp;
const workers: TestWorker[] = [];

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'erasure-'));
  ({ database, variables } = await freshEnvironment('postgres', { STORAGE_ROOT: root }));
  app = await start({
    module: class Quiet {},
    imports: [ConfigModule, TelemetryModule, DatabaseModule, WebhooksModule, ImagesApiModule],
  });
});
afterAll(async () => {
  await killWorkers();
  await app?.close();
  await database?.drop();
  rmSync(root, { recursive: true });
});
beforeEach(() => app.database.query('DELETE FROM images'));

const startWorker = async () => {
  const worker = await TestWorker.start(variables);
  workers.push(worker);
  return worker;
};
const killWorkers = () => Promise.all(workers.splice(0).map((worker) => worker.kill()));
const operation = (id: string, of = scope) => app.get(OperationsService).get(of, id);
const ended = (id: string) =>
  eventually(async () => {
    const view = await operation(id);
    return view.status === 'running' ? null : view;
  }, PATIENT);
const erase = async (query: { user_id?: string; all?: 'true' }) => {
  const reply = { header: () => reply } as never;
  const { operation_id } = await app.get(ImageErasureController).erase(scope, query, reply);
  if (workers.length === 0) await startWorker();
  return ended(operation_id);
};

const submit = (products: readonly string[], user_id: string, image_path: string, of = scope) =>
  app.database.transaction((tx) => {
    const payloads = products.map((product_id) => ({ product_id, image_id: 'main', user_id, image_path }));
    const submissions = payloads.map((payload) => ({ payload, taskId: newId() }));
    return app.get(ImagesRepository).register(tx, of, submissions);
  });
const idOf = async (product: string) => {
  const [row] = await app.database.query<{ id: string }>(
    'SELECT id FROM images WHERE product_id = $1',
    product,
  );
  return row?.id ?? '';
};
const index = async (product: string) => {
  const image = await idOf(product);
  const { current } = app.get(ImageEmbedders);
  const plan = await app.get(AliasVectors).plan(IMAGES, app.get(ImageEmbedders));
  const byModel = new Map([[current.model, new Float32Array(current.dimension).fill(1)]]);
  const words = { product_id: product, image_id: 'main' };
  const indexed = { image, words, colours: [], generation: newId(), plan, byModel };
  await app.database.transaction((tx) => app.get(ImageIndex).replace(tx, scope, indexed));
};
/** They look like each other, and somebody decided so. */
const decide = async (...products: [string, string]) => {
  const pair = (await Promise.all(products.map(idOf))).toSorted();
  const into = (columns: string, values: string) =>
    app.database.query(
      `INSERT INTO ${columns} VALUES ($1, $2::uuid, $3::uuid${values})`,
      scope.tenantId,
      ...pair,
    );
  await into('duplicate_pairs (tenant_id, first, second, distance, similarity)', ', 0, 1');
  await into('duplicate_decisions (tenant_id, first, second)', '');
};
const put = async () => {
  const key = newUploadKey('images', scope);
  await app.get(ObjectStore).put(key, Buffer.from('x'));
  return key;
};
const count = async (table: string) => {
  const [row] = await app.database.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`);
  return row?.n;
};
const left = async () => {
  const rows = await app.database.query<{ product_id: string }>('SELECT product_id FROM images ORDER BY 1');
  return rows.map(({ product_id }) => product_id);
};
const numbered = (length: number) => Array.from({ length }, (_, at) => `of-7-${at}`);

it(
  'removes all images of a user with all that they left, and nobody else’s',
  { timeout: 120_000 },
  async () => {
    const [upload, thumbnail, shared] = [await put(), await put(), await put()];
    await app.get(ObjectStore).put('inbox/a.png', Buffer.from('x'));
    await submit(['uploaded'], '7', upload);
    await submit([...numbered(120), 'shared-7'], '7', shared);
    await submit(['of-8', 'too-of-8'], '8', shared);
    await submit(['elsewhere'], '7', 'inbox/a.png', other);
    await app.database.query("UPDATE images SET thumbnail_key = $1 WHERE product_id = 'uploaded'", thumbnail);
    for (const product of ['uploaded', 'of-8']) await index(product);
    await decide('uploaded', 'of-8');
    await decide('of-8', 'too-of-8');

    expect(await erase({ user_id: '7' })).toMatchObject({
      kind: ERASE_IMAGES,
      status: 'completed',
      total: 122,
      done: 122,
      input: { user_id: '7' },
    });
    expect(await left()).toEqual(['elsewhere', 'of-8', 'too-of-8']);
    expect([await count('vectors'), await count('duplicate_pairs')]).toEqual([1, 1]);
    expect(await count('duplicate_decisions')).toBe(1);
    await eventually(() => [upload, thumbnail].every((key) => !existsSync(join(root, key))), PATIENT);
    expect([shared, 'inbox/a.png'].map((key) => existsSync(join(root, key)))).toEqual([true, true]);
  },
);

it('removes all that a tenant has when that is said, and leaves what came later', async () => {
  await submit(['a'], '7', 'a');
  await submit(['b', 'later'], '8', 'b');
  await submit(['c'], '7', 'c', other);
  await app.database.query(
    "UPDATE images SET updated_at = now() + interval '1 hour' WHERE product_id = 'later'",
  );
  expect(await erase({ all: 'true' })).toMatchObject({ status: 'completed', done: 2 });
  expect(await left()).toEqual(['c', 'later']);
});

it('goes on where it was when the process that does it is killed', { timeout: 180_000 }, async () => {
  await killWorkers();
  await submit(numbered(600), '7', 'a');
  const begin = app
    .get(OperationsService)
    .start(scope, ERASE_IMAGES, { user_id: '7' }, { ratePerSecond: 20 });
  const { operation_id } = (await begin).answer;
  await startWorker();
  await eventually(async () => (await operation(operation_id)).done > 20, PATIENT);
  await killWorkers();
  // What was being committed may still be so.
  await eventually(async () => (await left()).length + (await operation(operation_id)).done === 600, PATIENT);
  expect(await operation(operation_id)).toMatchObject({ status: 'running' });
  expect(await left()).not.toEqual([]);
  await app.database.query('UPDATE operations SET rate_per_second = NULL');
  await startWorker();
  expect(await ended(operation_id)).toMatchObject({ status: 'completed', done: 600 });
  expect(await left()).toEqual([]);
});
