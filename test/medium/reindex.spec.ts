import { Module, type Type } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WorkerModule } from '../../src/apps/worker.module.js';
import { chunkDocument } from '../../src/documents/document-chunker.js';
import { DocumentIndex, type IndexedFacts } from '../../src/documents/document-index.js';
import { DocumentReindexSource } from '../../src/documents/document-reindex-source.js';
import { DocumentReindexRepository } from '../../src/documents/document-reindex.repository.js';
import { DocumentsRepository } from '../../src/documents/documents.repository.js';
import { ReindexDocumentsHandler } from '../../src/documents/reindex-documents.handler.js';
import { ReindexDocuments } from '../../src/documents/reindex-documents.task.js';
import { TextEmbedders } from '../../src/engines/embeddings/text-embedders.js';
import { newId } from '../../src/kernel/ids.js';
import { ReindexResult } from '../../src/reindex/reindex.contract.js';
import { ReindexModule } from '../../src/reindex/reindex.module.js';
import { TaskControlService } from '../../src/tasks/task-control.service.js';
import { provideTask } from '../../src/tasks/task-registry.js';
import { TasksModule } from '../../src/tasks/tasks.module.js';
import { RetiredCollectionsSweep } from '../../src/vectors/retired-collections.sweep.js';
import { VectorCollections } from '../../src/vectors/vector-collections.js';
import { VectorSources } from '../../src/vectors/vector-sources.js';
import { VectorStore } from '../../src/vectors/vector-store.js';
import { VectorsModule } from '../../src/vectors/vectors.module.js';
import { freshEnvironment, scope, start, type TestApp } from '../support/apps.js';
import { FakeQdrant } from '../support/fake-qdrant.js';
import { FakeTextEmbedder, untilStopped } from '../support/fake-embedders.js';
import { eventually } from '../support/stack.js';

const WORDS = ['glacier', 'harbour', 'lantern', 'orchard', 'quarry', 'meadow', 'saddle', 'thimble'];
const DOCUMENTS = 40;

let embedderA: FakeTextEmbedder;
let embedderB: FakeTextEmbedder;
let app: TestApp;
let qdrant: FakeQdrant | undefined;
let drop: () => Promise<void>;

/** A worker that re-indexes; its first model is the one that is configured, the others are at hand as well. */
function workerOf(...models: FakeTextEmbedder[]): Type {
  const [current, ...others] = models as [FakeTextEmbedder, ...FakeTextEmbedder[]];

  @Module({
    imports: [ReindexModule, TasksModule, VectorsModule],
    providers: [
      provideTask(ReindexDocuments),
      { provide: TextEmbedders, useValue: new TextEmbedders(current, others) },
      DocumentIndex,
      DocumentReindexRepository,
      DocumentReindexSource,
      DocumentsRepository,
      ReindexDocumentsHandler,
    ],
  })
  class ReindexingModule {}
  return ReindexingModule;
}

async function restart(...models: FakeTextEmbedder[]): Promise<void> {
  await app?.close();
  app = await start(WorkerModule.of([workerOf(...models)]));
}

/** As the handler stores one: rows and vectors in one transaction. */
async function put(
  id: string,
  text: string,
  in_ = app,
  tenantId = scope.tenantId,
  more: Partial<IndexedFacts> = {},
): Promise<void> {
  const [index, documents, own] = [in_.get(DocumentIndex), in_.get(DocumentsRepository), { tenantId }];
  const chunks = chunkDocument([{ number: 1, text }]);
  const plan = await index.plan();
  const models = plan.targets.map(({ model }) => model);
  const signal = new AbortController().signal;
  const vectors = await index.embed(models, { chunks, title: null }, { signal });
  const generation = newId();
  const plain = { userId: '7', contentType: 'text/plain', language: 'en', metadata: { shelf: id.slice(-1) } };
  const facts = { ...plain, ...more };
  const taskId = newId();
  await in_.database.transaction(async (tx) => {
    const payload = {
      document_id: id,
      user_id: facts.userId ?? undefined,
      file_name: `${id}.txt`,
      metadata: facts.metadata,
    };
    await documents.register(tx, own, payload, taskId);
    await documents.isNewest(tx, own, id, 1);
    expect(await index.replace(tx, own, plan, { documentId: id, facts, generation, chunks, vectors })).toBe(
      true,
    );
    const found = {
      document_id: id,
      content_type: facts.contentType ?? '',
      size_bytes: 1,
      sha256: '',
      title: null,
    };
    const counts = {
      pages: 1,
      characters: text.length,
      chunks: chunks.length,
      warnings: [],
      language: facts.language,
    };
    const stored = { ...found, ...counts, unchanged: false, superseded: false };
    await documents.save(tx, own, { facts: stored, generation, recipe: '', text, chunks });
  });
}

const idOf = (at: number) => `doc-${String(at).padStart(3, '0')}`;
const textOf = (at: number) => `${WORDS[at % 8]} ${WORDS[(at * 3 + 1) % 8]} number${at}. It stands alone.`;

async function putAll(count = DOCUMENTS): Promise<void> {
  for (let at = 0; at < count; at += 1) await put(idOf(at), textOf(at));
}

async function ask(query: string, filter = {}): Promise<string[]> {
  const { hits } = await app.get(DocumentIndex).search(scope, { query, limit: 5, filter });
  return hits.map(({ source }) => source);
}

const submit = (payload: object = {}) => app.submit(payload as never, { type: 'documents.reindex' });

async function reindexed(payload: object = {}) {
  const task = await app.settled(await submit(payload), 45_000);
  expect({ status: task.status, error: task.error }).toEqual({ status: 'completed', error: null });
  return ReindexResult.parse(task.result);
}

const states = async () =>
  Object.fromEntries(
    (await app.get(VectorCollections).of('documents')).map(({ model, state }) => [model, state]),
  );

describe.each(['postgres', 'qdrant'] as const)('a re-index on %s', (backend) => {
  beforeEach(async () => {
    embedderA = new FakeTextEmbedder('model-a', 64);
    embedderB = new FakeTextEmbedder('model-bb', 96);
    qdrant = backend === 'qdrant' ? await new FakeQdrant().start() : undefined;
    delete process.env.QDRANT_URL;
    const { database } = await freshEnvironment('postgres', qdrant ? { QDRANT_URL: qdrant.url } : {});
    drop = () => database.drop();
    app = await start(WorkerModule.of([workerOf(embedderA)]));
  });

  afterEach(async () => {
    await app.close();
    await qdrant?.stop();
    expect(qdrant?.refused ?? []).toEqual([]);
    delete process.env.QDRANT_URL;
    await drop();
  });

  it('fills a new collection while the old one answers, catches what is written meanwhile, and switches', async () => {
    await putAll();
    await restart(embedderB, embedderA);
    let batches = 0;
    embedderB.before = async (texts) => {
      if (!texts[0]?.includes('stands alone') || (batches += 1) !== 3) return;
      expect(await ask('number5')).toContain(idOf(5));
      expect(await states()).toEqual({ 'model-a': 'serving', 'model-bb': 'filling' });
      await put(idOf(1), 'rewritten meanwhile by somebody');
      await put('doc-zzz', 'new and rewritten meanwhile');
    };
    const result = await reindexed();
    expect(result).toMatchObject({ model: 'model-bb', backend, switched: true, sources: DOCUMENTS + 1 });
    expect(result.overlap_at_10).toBeGreaterThan(0.3);
    expect(result).toMatchObject({
      samples: 20,
      found_again: 1,
      retired: expect.stringContaining('model-a'),
    });
    expect(await states()).toEqual({ 'model-a': 'retired', 'model-bb': 'serving' });
    embedderA.before = () => {
      throw new Error('the old model has no part in this');
    };
    expect((await ask('rewritten meanwhile')).slice(0, 2).toSorted()).toEqual([idOf(1), 'doc-zzz']);
    const shelf = await ask('number7', { metadata: { shelf: '7' } });
    expect([shelf[0], shelf.toSorted()]).toEqual([idOf(7), [7, 17, 27, 37].map(idOf)]);
  });

  it('finds by all that filters ask for, also what was re-indexed', async () => {
    const put3 = async () => {
      await put('a', 'the same words', app, scope.tenantId, { language: 'en', contentType: 'text/plain' });
      await put('b', 'the same words', app, scope.tenantId, { language: 'de', userId: '8' });
      await put('c', 'the same words', app, scope.tenantId, {
        metadata: { shelf: { row: 2, of: ['x', null] }, n: 1 },
      });
    };
    const expectAll = async () => {
      const by = (filter: object) => ask('the same words', filter).then((found) => found.toSorted());
      expect(await by({})).toEqual(['a', 'b', 'c']);
      expect(await by({ document_id: 'b' })).toEqual(['b']);
      expect(await by({ user_id: '8' })).toEqual(['b']);
      expect(await by({ content_type: 'text/plain' })).toEqual(['a', 'b', 'c']);
      expect(await by({ content_type: 'text/html' })).toEqual([]);
      expect(await by({ language: 'de', content_type: 'text/plain' })).toEqual(['b']);
      expect(await by({ metadata: { shelf: { of: ['x', null], row: 2 } } })).toEqual(['c']);
      expect(await by({ metadata: { n: 1 } })).toEqual(['c']);
      expect(await by({ metadata: { n: '1' } })).toEqual([]);
      expect(await by({ user_id: '7', metadata: { shelf: 'a' } })).toEqual(['a']);
    };
    await put3();
    await expectAll();
    await restart(embedderB, embedderA);
    await reindexed();
    await expectAll();
  });

  it('goes back at once, brings what was stored since, and never brings back what was deleted', async () => {
    await putAll(12);
    await restart(embedderB, embedderA);
    await reindexed();
    await put(idOf(2), 'written for the new model alone');
    await app.database.transaction(async (tx) => {
      await tx.document.deleteMany({ where: { documentId: idOf(3) } });
      await app.get(DocumentIndex).delete(tx, scope, idOf(3));
    });
    const result = await reindexed({ rollback: true });
    expect(result).toMatchObject({ model: 'model-a', switched: true, embedded: 1, sources: 11 });
    expect(await states()).toEqual({ 'model-a': 'serving', 'model-bb': 'retired' });
    expect((await ask('written for the new model alone'))[0]).toBe(idOf(2));
    expect(await ask('number3')).not.toContain(idOf(3));
    const again = await reindexed({ rollback: true });
    expect(again).toMatchObject({ model: 'model-bb', embedded: 0 });
  });

  it('computes everything anew for the same model as well, and drops the old in time', async () => {
    await putAll(8);
    const before = embedderA.embedded;
    const result = await reindexed();
    expect(result).toMatchObject({ model: 'model-a', switched: true, embedded: 8, overlap_at_10: 1 });
    expect(embedderA.embedded).toBeGreaterThanOrEqual(before + 8);
    const sweep = app.get(RetiredCollectionsSweep);
    expect(await sweep.runOnce()).toEqual({ collections_dropped: 0 });
    const longAgo = `UPDATE vector_collections SET retired_at = now() - interval '8 days' WHERE state = 'retired'`;
    await app.database.transaction((tx) => app.database.executeIn(tx, longAgo));
    expect(await sweep.runOnce()).toEqual({ collections_dropped: 1 });
    expect(await app.get(VectorCollections).of('documents')).toHaveLength(1);
    expect(await app.get(VectorStore).stored(result.collection)).toBe(8);
    expect(await ask('number3')).toContain(idOf(3));
  });

  it('refuses vectors that are clearly broken, and the old ones go on', async () => {
    await putAll(10);
    await restart(embedderB, embedderA);
    let asked = 0;
    const embed = embedderB.embed.bind(embedderB);
    embedderB.embed = async (texts, options) =>
      (await embed(texts, options)).map((vector) => vector.map(() => Math.sin((asked += 1))));
    const task = await app.settled(await submit(), 45_000);
    expect(task).toMatchObject({ status: 'failed', reason: 'permanent', error: { code: 'reindex.refused' } });
    expect(await states()).toEqual({ 'model-a': 'serving', 'model-bb': 'retired' });
    expect(await ask('number5')).toContain(idOf(5));
    const back = await app.settled(await submit({ rollback: true }));
    expect(back.error).toMatchObject({ code: 'reindex.nothing_to_roll_back' });
  });
});

describe('a re-index', () => {
  beforeEach(async () => {
    embedderA = new FakeTextEmbedder('model-a', 64);
    embedderB = new FakeTextEmbedder('model-bb', 96);
    const { database } = await freshEnvironment('postgres');
    drop = () => database.drop();
    app = await start(WorkerModule.of([workerOf(embedderA)]));
  });

  afterEach(async () => {
    await app.close();
    delete process.env.QDRANT_URL;
    await drop();
  });

  it('goes on where it was stopped: what was written is not embedded again', async () => {
    await putAll();
    await restart(embedderB, embedderA);
    let texts = 0;
    const stopped = new Promise<void>((resolve) => {
      embedderB.before = (_, signal) => {
        if ((texts += 1) < 25) return;
        resolve();
        return untilStopped(signal);
      };
    });
    const id = await submit();
    await stopped;
    await app.close();
    expect(embedderB.embedded).toBe(24);
    embedderB.before = () => undefined;
    embedderB.embedded = 0;
    app = await start(WorkerModule.of([workerOf(embedderB, embedderA)]));
    const task = await app.settled(id, 45_000);
    expect(task.status).toBe('completed');
    const result = ReindexResult.parse(task.result);
    expect(result.embedded).toBeLessThanOrEqual(DOCUMENTS - 16);
    expect(embedderB.embedded).toBeLessThanOrEqual(DOCUMENTS - 16 + result.samples);
  });

  it('can be cancelled, stays out of the way of another one, and the next one uses what is there', async () => {
    await putAll(30);
    await restart(embedderB, embedderA);
    let texts = 0;
    embedderB.before = (_, signal) => ((texts += 1) > 20 ? untilStopped(signal) : undefined);
    const id = await submit();
    await eventually(() => texts > 20, { timeoutMs: 30_000 });
    const other = await app.settled(await submit());
    expect(other).toMatchObject({ status: 'failed', error: { code: 'reindex.running' } });
    await app.get(TaskControlService).cancel(scope, id);
    expect((await app.settled(id, 30_000)).status).toBe('cancelled');
    embedderB.before = () => undefined;
    expect(await reindexed()).toMatchObject({ switched: true, embedded: 14, sources: 30 });
  });

  it('switches only once nobody’s documents are missing', async () => {
    await putAll(3);
    await put('foreign', 'belongs to somebody else', app, 'another-tenant');
    await restart(embedderB, embedderA);
    const own = await reindexed();
    expect(own).toMatchObject({
      switched: false,
      sources: 3,
      reason: expect.stringContaining('all_tenants'),
    });
    expect(await states()).toEqual({ 'model-a': 'serving', 'model-bb': 'filling' });
    const all = await reindexed({ all_tenants: true });
    expect(all).toMatchObject({ switched: true, embedded: 1, sources: 4 });
  });

  it('moves the vectors to Qdrant, and back to Postgres', async () => {
    await putAll(6);
    qdrant = await new FakeQdrant().start();
    process.env.QDRANT_URL = qdrant.url;
    await restart(embedderA);
    expect(await ask('number4')).toContain(idOf(4));
    expect(await reindexed()).toMatchObject({ backend: 'qdrant', switched: true, overlap_at_10: 1 });
    expect(qdrant.size).toBe(6);
    expect(await ask('number4')).toContain(idOf(4));
    delete process.env.QDRANT_URL;
    await restart(embedderA);
    await expect(ask('number4')).rejects.toMatchObject({ code: 'vectors.backend_missing' });
    await put(idOf(4), 'number4 changed while Qdrant is not configured');
    expect(await reindexed()).toMatchObject({ backend: 'postgres', switched: true, overlap_at_10: null });
    expect((await ask('changed while'))[0]).toBe(idOf(4));
    await qdrant.stop();
  });

  it('says plainly when the model of the vectors is not to be had', async () => {
    await putAll(3);
    await restart(embedderB);
    await expect(ask('number1')).rejects.toMatchObject({
      code: 'embedding.model_missing',
      detail: expect.stringMatching(/model-a.*intake rebuild-vectors/),
    });
    await put('later', 'stored without the old model');
    expect(await app.get(VectorSources).generations(scope, await servingName(), ['later'])).toEqual(
      new Map(),
    );
    expect(await reindexed()).toMatchObject({ switched: true, overlap_at_10: null, sources: 4 });
    expect((await ask('stored without'))[0]).toBe('later');
  });

  it('of nothing is done at once', async () => {
    expect(await reindexed()).toMatchObject({ switched: true, sources: 0, found_again: null });
  });
});

async function servingName(): Promise<string> {
  return (await app.get(VectorCollections).serving('documents')).name;
}
