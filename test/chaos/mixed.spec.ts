import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.js';
import { Database } from '../../src/database/database.js';
import { ImageResult } from '../../src/images/images.contract.js';
import { inconsistencies } from '../support/consistency.js';
import { eventually } from '../support/eventually.js';
import { patchwork } from '../support/made-pictures.js';
import { Deployment } from '../support/processes.js';
import { transports } from '../support/stack.js';
import { stoppedAtWork } from './at-work.js';

const SAMPLES = fileURLToPath(new URL('../../samples/documents/', import.meta.url));
/** Of every kind, two of them read by OCR, each sample several times. */
const DOCUMENTS = 50;
const IMAGES = 60;
/** Of each three images so many are the same picture in another size. */
const COPY_OF = 3;
const KILLS = 2;
const PATIENT = { timeoutMs: 120_000, everyMs: 250 };

const OTHER_KIND = `EXISTS (SELECT FROM tasks i
  WHERE i.queue = 'images' AND i.status = 'processing' AND i.worker_incarnation = t.worker_incarnation)`;
/** A task of a worker that holds documents and images at once. */
const BOTH_KINDS = `t.queue = 'documents' AND ${OTHER_KIND}`;

/** Of each document: chunks that its row promises, chunks and vectors that are there, and how often it completed. */
const DOCUMENT_LEDGER = `
SELECT d.document_id, t.status, d.chunks AS promised,
  (SELECT count(*)::int FROM document_chunks c WHERE c.document_id = d.document_id) AS chunks,
  (SELECT count(*)::int FROM vectors v WHERE v.source = d.document_id) AS vectors,
  (SELECT count(*)::int FROM task_attempts a WHERE a.task_id = d.task_id AND a.outcome = 'completed') AS completed
FROM documents d JOIN tasks t ON t.id = d.task_id`;

/** Of each image: vectors that are there, those of the run that its row tells of, and how often it completed. */
const IMAGE_LEDGER = `
SELECT i.product_id, t.status, i.recipe IS NOT NULL AS indexed,
  (SELECT count(*)::int FROM vectors v WHERE v.source = i.id::text) AS vectors,
  (SELECT count(*)::int FROM vector_sources s
    WHERE s.source = i.id::text AND s.generation = i.generation::text) AS current,
  (SELECT count(*)::int FROM task_attempts a WHERE a.task_id = i.task_id AND a.outcome = 'completed') AS completed
FROM images i JOIN tasks t ON t.id = i.task_id`;

const LOST = `SELECT DISTINCT t.queue FROM task_attempts a JOIN tasks t ON t.id = a.task_id
WHERE a.outcome = 'lost' ORDER BY 1`;

let pictures: Buffer[];

beforeAll(async () => {
  pictures = await Promise.all(
    Array.from({ length: IMAGES }, (_, at) => {
      const copy = at % COPY_OF;
      return patchwork(at - copy, 320 - 40 * copy, 240 - 30 * copy)
        .png()
        .toBuffer();
    }),
  );
});

describe.each(transports())('documents and images in flight, queue on %s', (transport) => {
  let deployment: Deployment;
  let database: Database;

  beforeAll(async () => {
    deployment = await Deployment.start(transport);
    const url = new URL(deployment.variables.DATABASE_URL);
    url.searchParams.set('application_name', 'onlooker');
    database = new Database(readConfig({ ...deployment.variables, DATABASE_URL: url.href }));
    mkdirSync(join(deployment.storageRoot, 'in'), { recursive: true });
    for (const [at, bytes] of pictures.entries())
      writeFileSync(join(deployment.storageRoot, 'in', `${at}.png`), bytes);
  });

  afterAll(async () => {
    await database?.client.$disconnect();
    await deployment?.stop();
  });

  const count = async (table: string, where = 'true') =>
    (await database.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table} WHERE ${where}`))[0].n;

  const submitDocuments = (): Promise<string[]> => {
    const files = readdirSync(SAMPLES);
    const submit = async (_: unknown, at: number) => {
      const name = files[at % files.length];
      const fields = { document_id: `${at}-${name}`, user_id: '7', file_name: name };
      return (await deployment.client.documents.upload(join(SAMPLES, name), fields)).task_id;
    };
    return Promise.all(Array.from({ length: DOCUMENTS }, submit));
  };

  const submitImages = () => {
    const image = (_: unknown, at: number) => ({
      image_path: `in/${at}.png`,
      product_id: `p${at}`,
      name: `Picture ${at}`,
    });
    return deployment.client.queue.enqueueBatch({ tasks: Array.from({ length: IMAGES }, image) });
  };

  /** Its worker, stopped for ever in the middle of both kinds, when it has done some of its work and much is to come. */
  const killInTheMiddle = async (): Promise<void> => {
    const done = await count('tasks', `status = 'completed'`);
    const hasDoneSome = async () => (await count('tasks', `status = 'completed'`)) >= done + 5;
    await eventually(hasDoneSome, { ...PATIENT, everyMs: 5 });
    const place = { workers: [deployment.worker], database, sessionsOf: () => 'intake' };
    await (await stoppedAtWork(place, { work: BOTH_KINDS })).kill('SIGKILL');
    await deployment.startWorker();
  };

  it(
    'all end once, with one chunk and one vector each, though their worker is killed twice',
    { timeout: 240_000 },
    async () => {
      const [documents, images] = await Promise.all([submitDocuments(), submitImages()]);
      expect(new Set([...documents, ...images.task_ids]).size).toBe(DOCUMENTS + IMAGES);
      for (let kill = 1; kill <= KILLS; kill += 1) await killInTheMiddle();
      const open = `status NOT IN ('completed', 'failed', 'cancelled')`;
      await eventually(async () => (await count('tasks', open)) === 0, PATIENT);

      expect(await database.query(LOST)).toEqual([{ queue: 'documents' }, { queue: 'images' }]);
      const once = { status: 'completed', completed: 1 };
      const documentRows = await database.query<Record<string, number | string>>(DOCUMENT_LEDGER);
      expect(documentRows).toHaveLength(DOCUMENTS);
      for (const row of documentRows)
        expect(row).toEqual({ ...row, ...once, chunks: row.promised, vectors: row.promised });
      const imageRows = await database.query<Record<string, number | string>>(IMAGE_LEDGER);
      expect(imageRows).toHaveLength(IMAGES);
      for (const row of imageRows)
        expect(row).toEqual({ ...row, ...once, indexed: true, vectors: 1, current: 1 });
      expect(await count('vectors')).toBe((await count('document_chunks')) + IMAGES);
      expect((await deployment.client.tasks.getBatch(images.batch_id)).finished).toBe(true);
      expect(await inconsistencies(database)).toEqual({});
    },
  );

  it('answer searches, and copies found each other, also those that were indexed around a kill', async () => {
    const { client } = deployment;
    const { hits } = await client.documents.search({ query: 'What did the heating inspector find?' });
    expect(hits.map(({ file_name }) => file_name)).toContain('boiler-inspection.pdf');
    for (const product of [0, 30]) {
      const like = await client.images.search({ product_id: `p${product}`, limit: COPY_OF - 1 });
      const found = like.hits.map(({ product_id }) => product_id);
      expect(new Set(found)).toEqual(new Set([`p${product + 1}`, `p${product + 2}`]));
    }
    const results = await database.query<{ result: unknown }>(
      `SELECT result FROM tasks WHERE queue = 'images'`,
    );
    for (const { result } of results) expect(ImageResult.parse(result).superseded).toBe(false);
    const { data: groups } = await client.images.duplicates({ limit: 200 });
    expect(groups.map(({ size }) => size)).toEqual(Array.from({ length: IMAGES / COPY_OF }, () => COPY_OF));
  });
});
