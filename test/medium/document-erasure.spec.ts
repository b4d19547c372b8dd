import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { DocumentErasureController } from '../../src/documents/document-erasure.controller.js';
import { DocumentIndex } from '../../src/documents/document-index.js';
import { DocumentsApiModule } from '../../src/documents/documents.module.js';
import { DocumentsRepository } from '../../src/documents/documents.repository.js';
import { TextEmbedder } from '../../src/engines/embeddings/text-embedder.js';
import { newId } from '../../src/kernel/ids.js';
import type { TenantScope } from '../../src/kernel/tenant-scope.js';
import { OperationsService } from '../../src/operations/operations.service.js';
import { ObjectStore } from '../../src/storage/object-store.js';
import { newUploadKey } from '../../src/storage/upload-keys.js';
import { freshEnvironment, scope, startSubmitter, type TestApp } from '../support/apps.js';
import { eventually, type TestDatabase } from '../support/stack.js';

let root: string;
let database: TestDatabase;
let app: TestApp;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'erasure-'));
  ({ database } = await freshEnvironment('postgres', { STORAGE_ROOT: root }));
  app = await startSubmitter(DocumentsApiModule);
});
afterAll(async () => {
  await app?.close();
  await database?.drop();
  rmSync(root, { recursive: true });
});
beforeEach(() => app.database.query('DELETE FROM documents'));

const erase = async (query: { user_id?: string; all?: 'true' }, of: TenantScope = scope) => {
  const reply = { header: () => reply } as never;
  const { operation_id } = await app.get(DocumentErasureController).erase(of, query, reply);
  return eventually(
    async () => {
      const operation = await app.get(OperationsService).get(of, operation_id);
      if (operation.status === 'running') throw new Error('it still runs');
      return operation;
    },
    { timeoutMs: 30_000 },
  );
};

const submit = (document_id: string, user_id: string, r2_key: string, of: TenantScope = scope) =>
  app.database.transaction((tx) => {
    const payload = { document_id, user_id, file_name: 'a.txt', r2_key };
    return app.get(DocumentsRepository).register(tx, of, payload, newId());
  });

const index = async (documentId: string, of: TenantScope = scope) => {
  const plan = await app.get(DocumentIndex).plan();
  const { model, dimension } = app.get(TextEmbedder);
  await app.database.transaction((tx) =>
    app.get(DocumentIndex).replace(tx, of, plan, {
      documentId,
      facts: { userId: null, contentType: 'text/plain', language: null, metadata: {} },
      generation: newId(),
      chunks: [{ ordinal: 0, heading: null, text: 'x' }],
      vectors: new Map([[model, [new Float32Array(dimension).fill(1)]]]),
    }),
  );
};
const vectorsLeft = async () => {
  const [row] = await app.database.query<{ count: bigint }>('SELECT count(*) FROM vectors');
  return Number(row?.count);
};
const left = async () => {
  const rows = await app.database.query<{ id: string }>('SELECT document_id AS id FROM documents ORDER BY 1');
  return rows.map(({ id }) => id);
};

it('removes all documents of a user, with vectors and uploads, and nobody else’s', async () => {
  const upload = newUploadKey('documents', scope);
  await app.get(ObjectStore).put(upload, Buffer.from('x'));
  await app.get(ObjectStore).put('inbox/a.txt', Buffer.from('x'));
  await submit('uploaded', '7', upload);
  for (let at = 0; at < 250; at += 1) await submit(`of-7-${at}`, '7', 'inbox/a.txt');
  await submit('of-8', '8', 'inbox/a.txt');
  await submit('elsewhere', '7', 'inbox/a.txt', { tenantId: 'other' });
  await index('uploaded');
  await index('of-8');
  const ended = await erase({ user_id: '7' });
  expect(ended).toMatchObject({ status: 'completed', total: 251, done: 251, input: { user_id: '7' } });
  expect(await left()).toEqual(['elsewhere', 'of-8']);
  expect(await vectorsLeft()).toBe(1);
  await eventually(() => !existsSync(join(root, upload)), { timeoutMs: 30_000 });
  expect(existsSync(join(root, 'inbox/a.txt'))).toBe(true);
});

it('removes all that a tenant has when that is said', async () => {
  await submit('a', '7', 'a');
  await submit('b', '8', 'b');
  await submit('c', '7', 'c', { tenantId: 'other' });
  expect(await erase({ all: 'true' })).toMatchObject({ status: 'completed', done: 2 });
  expect(await left()).toEqual(['c']);
});

it('leaves what was submitted since it was asked for', async () => {
  await submit('old', '7', 'a');
  await submit('new', '7', 'a');
  await app.database.query(
    "UPDATE documents SET updated_at = now() + interval '1 hour' WHERE document_id = 'new'",
  );
  await erase({ user_id: '7' });
  expect(await left()).toEqual(['new']);
});
