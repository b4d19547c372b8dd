import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module, type Type } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WorkerModule } from '../../src/apps/worker.module.js';
import { ImageEmbedders } from '../../src/engines/embeddings/image-embedders.js';
import { PicturesModule } from '../../src/engines/pictures/pictures.module.js';
import { DuplicatesRepository } from '../../src/images/duplicates.repository.js';
import { ImageIndex } from '../../src/images/image-index.js';
import { ImageReading } from '../../src/images/image-reading.js';
import { ImageReadsService } from '../../src/images/image-reads.service.js';
import { ImageRecords } from '../../src/images/image-records.js';
import { ImageReindexRepository } from '../../src/images/image-reindex.repository.js';
import { ImageReindexSource } from '../../src/images/image-reindex-source.js';
import { SearchImages } from '../../src/images/image-search.contract.js';
import { ImageSearchService } from '../../src/images/image-search.service.js';
import { ImageUploads } from '../../src/images/image-uploads.js';
import { ImageResult } from '../../src/images/images.contract.js';
import { ImagesRepository } from '../../src/images/images.repository.js';
import { ImagesService } from '../../src/images/images.service.js';
import { IndexImageHandler } from '../../src/images/index-image.handler.js';
import { IndexImage } from '../../src/images/index-image.task.js';
import { NearDuplicates } from '../../src/images/near-duplicates.js';
import { PictureInputs } from '../../src/images/picture-inputs.js';
import { ReindexImagesHandler } from '../../src/images/reindex-images.handler.js';
import { ReindexImages } from '../../src/images/reindex-images.task.js';
import { ReindexResult } from '../../src/reindex/reindex.contract.js';
import { ReindexModule } from '../../src/reindex/reindex.module.js';
import { StorageModule } from '../../src/storage/storage.module.js';
import { provideTask } from '../../src/tasks/task-registry.js';
import { TasksModule } from '../../src/tasks/tasks.module.js';
import { VectorCollections } from '../../src/vectors/vector-collections.js';
import { VectorsModule } from '../../src/vectors/vectors.module.js';
import { freshEnvironment, scope, start, type TestApp } from '../support/apps.js';
import { FakeImageEmbedder } from '../support/fake-embedders.js';
import { FakeQdrant } from '../support/fake-qdrant.js';
import { patchwork } from '../support/made-pictures.js';

const IMAGES = 12;
const PATIENCE_MS = 60_000;

let modelA: FakeImageEmbedder;
let modelB: FakeImageEmbedder;
let app: TestApp;
let qdrant: FakeQdrant | undefined;
let root: string;
let drop: () => Promise<void>;

/** An Intake that indexes, re-indexes and searches; its first model is the one that is configured, the others are at hand as well. */
function intakeOf(...models: FakeImageEmbedder[]): Type {
  const [current, ...others] = models as [FakeImageEmbedder, ...FakeImageEmbedder[]];

  @Module({
    imports: [PicturesModule, ReindexModule, StorageModule, TasksModule, VectorsModule],
    providers: [
      provideTask(IndexImage),
      provideTask(ReindexImages),
      { provide: ImageEmbedders, useValue: new ImageEmbedders(current, others) },
      DuplicatesRepository,
      ImageIndex,
      ImageReading,
      ImageReadsService,
      ImageRecords,
      ImageReindexRepository,
      ImageReindexSource,
      ImageSearchService,
      ImageUploads,
      ImagesRepository,
      ImagesService,
      IndexImageHandler,
      NearDuplicates,
      PictureInputs,
      ReindexImagesHandler,
    ],
  })
  class ReindexingModule {}
  return ReindexingModule;
}

async function restart(...models: FakeImageEmbedder[]): Promise<void> {
  await app?.close();
  app = await start(WorkerModule.of([intakeOf(...models)]));
}

async function settled(payload: object, type: string) {
  const task = await app.settled(await app.submit(payload as never, { type }), PATIENCE_MS);
  return { ...task, failure: task.error && { code: task.error.code, message: task.error.message } };
}

/** Indexes the picture of this number as the product. */
async function put(product: string, picture: number): Promise<ImageResult> {
  const file = join(root, `${picture}.png`);
  if (!existsSync(file)) writeFileSync(file, await patchwork(picture).png().toBuffer());
  const payload = { product_id: product, image_path: `${picture}.png`, metadata: { shelf: picture % 2 } };
  const { status, failure, result } = await settled(payload, 'images.index');
  expect({ status, failure }).toEqual({ status: 'completed', failure: null });
  return ImageResult.parse(result);
}

const nameOf = (at: number) => `product-${at}`;

async function putAll(count = IMAGES): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, at) => put(nameOf(at), at)));
}

async function reindexed(payload: object = {}): Promise<ReindexResult> {
  const { status, failure, result } = await settled(payload, 'images.reindex');
  expect({ status, failure }).toEqual({ status: 'completed', failure: null });
  return ReindexResult.parse(result);
}

async function search(request: object) {
  const { match, model, hits } = await app
    .get(ImageSearchService)
    .search(scope, SearchImages.parse({ limit: 30, ...request }));
  return { match, model, products: hits.map(({ product_id }) => product_id), hits };
}

/** By model: how many images say that search finds them by it. */
async function found(): Promise<Record<string, number>> {
  const listed = await app.get(ImageReadsService).list(scope, {}, 100);
  const counts: Record<string, number> = {};
  for (const { view } of listed) counts[view.model ?? 'nothing'] = (counts[view.model ?? 'nothing'] ?? 0) + 1;
  return counts;
}

const states = async () =>
  Object.fromEntries(
    (await app.get(VectorCollections).of('images')).map(({ model, state }) => [model, state]),
  );

/** Discards an image as one who decides about duplicates does. */
async function discard(product: string): Promise<void> {
  await app.database.transaction(async (tx) => {
    const [{ id }] = await tx.image.updateManyAndReturn({
      where: { productId: product },
      data: { discardedAt: new Date(0) },
    });
    await app.get(ImageIndex).delete(tx, scope, [id]);
  });
}

beforeEach(() => {
  modelA = new FakeImageEmbedder('model-a');
  modelB = new FakeImageEmbedder('model-bb', true);
  root = mkdtempSync(join(tmpdir(), 'intake-images-'));
});

afterEach(async () => {
  await app.close();
  await qdrant?.stop();
  expect(qdrant?.refused ?? []).toEqual([]);
  qdrant = undefined;
  delete process.env.QDRANT_URL;
  rmSync(root, { recursive: true });
  await drop();
});

async function begin(variables: Record<string, string> = {}): Promise<void> {
  delete process.env.QDRANT_URL;
  const { database } = await freshEnvironment('postgres', { STORAGE_ROOT: root, ...variables });
  drop = () => database.drop();
  app = await start(WorkerModule.of([intakeOf(modelA)]));
}

describe.each(['postgres', 'qdrant'] as const)('a re-index of images on %s', (backend) => {
  it('fills a new collection while the old one answers, switches, and goes back', async () => {
    qdrant = backend === 'qdrant' ? await new FakeQdrant().start() : undefined;
    await begin(qdrant ? { QDRANT_URL: qdrant.url } : {});
    await putAll();
    await discard(nameOf(9));
    await restart(modelB, modelA);
    let batches = 0;
    const meanwhile: unknown[] = [];
    modelB.before = async () => {
      if ((batches += 1) !== 6) return;
      const { model, products } = await search({ product_id: nameOf(5) });
      meanwhile.push(model, products.length, await states());
      await put(nameOf(1), 101);
      await put('product-new', 102);
    };
    const result = await reindexed();
    expect(meanwhile).toEqual(['model-a', IMAGES - 2, { 'model-a': 'serving', 'model-bb': 'filling' }]);
    expect(result).toMatchObject({ model: 'model-bb', backend, switched: true, found_again: 1 });
    expect(result).toMatchObject({ sources: IMAGES, points: IMAGES, samples: IMAGES });
    expect(result.overlap_at_10).toBeGreaterThan(0.3);
    expect(await states()).toEqual({ 'model-a': 'retired', 'model-bb': 'serving' });
    expect(await found()).toEqual({ 'model-bb': IMAGES, nothing: 1 });
    const even = await search({ product_id: nameOf(0), filter: { metadata: { shelf: 0 } } });
    // One hit for each of the even pictures, 102 among them, but for the one that is asked by.
    expect([even.model, even.products.length]).toEqual(['model-bb', IMAGES / 2]);
    expect(new Set(even.products).size).toBe(IMAGES / 2);
    expect((await put(nameOf(1), 101)).unchanged).toBe(true);

    await put(nameOf(2), 103);
    await app.get(ImagesService).delete(scope, nameOf(3));
    const back = await reindexed({ rollback: true });
    expect(back).toMatchObject({ model: 'model-a', switched: true, sources: IMAGES - 1, points: IMAGES - 1 });
    expect(await states()).toEqual({ 'model-a': 'serving', 'model-bb': 'retired' });
    expect(await found()).toEqual({ 'model-a': IMAGES - 1, nothing: 1 });
    const { products } = await search({ product_id: nameOf(0) });
    expect(products).toHaveLength(IMAGES - 2);
    expect(products).toEqual(expect.arrayContaining([nameOf(2), 'product-new']));
    for (const gone of [nameOf(3), nameOf(9)]) expect(products).not.toContain(gone);
  }, 180_000);
});

describe('a re-index of images', () => {
  it('says plainly what is served when the model of the vectors is not to be had', async () => {
    await begin();
    await putAll(3);
    await restart(modelB);
    const refused = {
      code: 'embedding.model_missing',
      detail: expect.stringMatching(/model-a.*intake rebuild-vectors images/),
    };
    await expect(search({ product_id: nameOf(0) })).rejects.toMatchObject(refused);
    await expect(search({ text: 'product', match: 'visual' })).rejects.toMatchObject(refused);
    expect(await search({ text: 'product' })).toMatchObject({ match: 'metadata', model: null });
    await put('product-new', 7);
    expect(await found()).toEqual({ 'model-a': 3, nothing: 1 });
    expect(await reindexed()).toMatchObject({ switched: true, overlap_at_10: null, embedded: 3, sources: 4 });
    expect(await found()).toEqual({ 'model-bb': 4 });
    const { model, products } = await search({ product_id: nameOf(0) });
    expect([model, products.toSorted()]).toEqual(['model-bb', ['product-1', 'product-2', 'product-new']]);
  });

  it('compares words with pictures only once a model serves that knows words', async () => {
    await begin();
    await putAll(2);
    await restart(modelB, modelA);
    expect(await search({ text: 'grey' })).toMatchObject({ match: 'metadata', model: null });
    await reindexed();
    expect(await search({ text: 'grey' })).toMatchObject({ match: 'visual', model: 'model-bb' });
  });

  it('names the image whose thumbnail is lost, and goes on once it is there again', async () => {
    await begin();
    await putAll(3);
    const folder = join(root, 'uploads/images');
    const files = () =>
      readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const before = new Set(files().map(({ name }) => name));
    await put('product-lost', 8);
    const lost = files().filter(({ name }) => !before.has(name));
    expect(lost).toHaveLength(1);
    for (const { parentPath, name } of lost) rmSync(join(parentPath, name));
    await restart(modelB, modelA);
    const failed = await settled({}, 'images.reindex');
    expect(failed).toMatchObject({ status: 'failed', reason: 'permanent' });
    expect(failed.failure).toMatchObject({
      code: 'source.not_found',
      message: expect.stringContaining('main of product-lost'),
    });
    expect((await search({ product_id: nameOf(0) })).model).toBe('model-a');
    await app.get(ImagesService).delete(scope, 'product-lost');
    await put('product-lost', 8);
    expect(await reindexed()).toMatchObject({ switched: true, sources: 4, points: 4 });
  });
});
