import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ConfigModule } from '../../src/config/config.module.js';
import { DatabaseModule } from '../../src/database/database.module.js';
import { DocumentsModule } from '../../src/documents/documents.module.js';
import { DocumentsRepository } from '../../src/documents/documents.repository.js';
import { Clock } from '../../src/kernel/clock.js';
import { newId } from '../../src/kernel/ids.js';
import { ObjectStore, type ListedObject } from '../../src/storage/object-store.js';
import { OrphanedUploadsSweep } from '../../src/storage/orphaned-uploads.sweep.js';
import { newUploadKey, uploadsOf } from '../../src/storage/upload-keys.js';
import { Uploads } from '../../src/storage/uploads.js';
import { TelemetryModule } from '../../src/telemetry/telemetry.module.js';
import { WebhooksModule } from '../../src/webhooks/webhooks.module.js';
import { freshEnvironment, scope, start, type TestApp } from '../support/apps.js';
import { S3Server } from '../support/s3-server.js';
import type { TestDatabase } from '../support/stack.js';

const DAY_MS = 86_400_000;

/** Documents in a process that runs no sweep by itself. */
const startQuiet = () =>
  start({
    module: class Quiet {},
    imports: [ConfigModule, TelemetryModule, DatabaseModule, WebhooksModule, DocumentsModule],
  });

interface Place {
  variables: Record<string, string>;
  close(): Promise<void>;
}

async function folder(): Promise<Place> {
  const root = await mkdtemp(join(tmpdir(), 'orphans-'));
  return { variables: { STORAGE_ROOT: root }, close: () => rm(root, { recursive: true }) };
}

async function bucket(): Promise<Place> {
  const server = await S3Server.start('intake');
  return { variables: server.variables('intake'), close: () => server.stop() };
}

describe.each([
  ['a folder', folder],
  ['a bucket', bucket],
])('uploads that nothing refers to, in %s', (_name, openPlace) => {
  let place: Place;
  let database: TestDatabase;
  let app: TestApp;
  let objects: ObjectStore;
  let born: Map<string, number>;

  beforeAll(async () => {
    place = await openPlace();
    ({ database } = await freshEnvironment('postgres', place.variables));
    app = await startQuiet();
    objects = app.get(ObjectStore);
    // Ages are told, not waited for.
    const list = objects.list.bind(objects);
    objects.list = async (...ask) => (await list(...ask)).map(aged);
  });
  afterAll(async () => {
    await app?.close();
    await database?.drop();
    await place?.close();
  });
  beforeEach(async () => {
    born = new Map();
    await app.database.query('DELETE FROM upload_sweeps');
    await app.database.query('DELETE FROM documents');
    for (const { key } of await objects.list('uploads', { limit: 1_000 })) await objects.delete(key);
  });

  const aged = (object: ListedObject) => ({
    ...object,
    modifiedAt: new Date(new Clock().wallMs() - (born.get(object.key) ?? 0)),
  });
  const upload = async (ageMs = 2 * DAY_MS) => {
    const key = newUploadKey('documents', scope);
    await objects.put(key, Buffer.from('x'));
    born.set(key, ageMs);
    return key;
  };
  const refer = (r2_key: string) =>
    app.database.transaction((tx) => {
      const payload = { document_id: newId(), file_name: 'a.txt', r2_key };
      return app.get(DocumentsRepository).register(tx, scope, payload, newId());
    });
  const sweep = async () => (await app.get(OrphanedUploadsSweep).runOnce()).upload_removed;
  const left = async () =>
    (await objects.list(uploadsOf('documents'), { limit: 1_000 })).map(({ key }) => key);

  it('go when they are older than a day; what a document refers to stays, and what is not of a feature', async () => {
    const [used, young] = [await upload(), await upload(DAY_MS / 2)];
    await Promise.all([upload(), upload(), upload(), refer(used)]);
    const foreign = `uploads/elsewhere/${newId()}`;
    await objects.put(foreign, Buffer.from('x'));
    born.set(foreign, 9 * DAY_MS);
    expect(await sweep()).toBe(3);
    expect(await left()).toEqual([used, young].toSorted());
    expect(await objects.stat(foreign)).toEqual({ sizeBytes: 1 });
  });

  it('are looked for by one process at a time, which goes on where the last turn ended', async () => {
    await upload();
    expect(await sweep()).toBe(1);
    await upload();
    expect(await sweep()).toBe(0);
    await app.database.query('UPDATE upload_sweeps SET due_at = now()');
    const turns = await Promise.all([sweep(), sweep(), sweep()]);
    expect(turns.toSorted((a = 0, b = 0) => a - b)).toEqual([0, 0, 1]);
  });

  it('are left alone where another deployment was first', async () => {
    await objects.put(`${uploadsOf('documents')}.owner`, Buffer.from(newId()));
    const key = await upload();
    expect(await sweep()).toBe(0);
    expect(await left()).toEqual([key]);
  });

  it('stay while anything refers to them, whoever lets go', async () => {
    const [shared, free] = [await upload(0), await upload(0)];
    await refer(shared);
    expect(await app.get(Uploads).release([shared, free, 'inbox/a.txt'])).toBe(1);
    expect(await left()).toEqual([shared]);
  });
});

it('asks by an index, however many documents there are', async () => {
  const { database } = await freshEnvironment('postgres');
  const app = await startQuiet();
  await app.database.query(
    `INSERT INTO documents (tenant_id, document_id, file_name, storage_key, task_id)
     SELECT 'default', i::text, 'a.txt', CASE WHEN i % 2 = 0 THEN 'uploads/documents/x/' ELSE 'inbox/' END || i, gen_random_uuid()
     FROM generate_series(1, 20000) i`,
  );
  await app.database.query('ANALYZE documents');
  const rows = await app.database.query<{ 'QUERY PLAN': string }>(
    `EXPLAIN SELECT DISTINCT storage_key FROM documents
     WHERE storage_key LIKE 'uploads/%' AND storage_key = ANY($1::text[])`,
    ['uploads/documents/x/2', 'uploads/documents/x/4'],
  );
  expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('documents_uploads');
  await app.close();
  await database.drop();
});
