import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ImageResult } from '../../src/images/images.contract.js';
import { eventually } from '../support/eventually.js';
import { patchwork } from '../support/made-pictures.js';
import { Deployment } from '../support/processes.js';
import { transports } from '../support/stack.js';

const IMAGES = 60;
/** Of each three so many are the same picture in another size. */
const COPY_OF = 3;
const PATIENT = { timeoutMs: 120_000, everyMs: 50 };

/** Without its heading: the last of them is the faster one. */
const transport = transports().at(-1)!;

let deployment: Deployment;
let database: Client;

beforeAll(async () => {
  deployment = await Deployment.start(transport);
  database = new Client({ connectionString: deployment.variables.DATABASE_URL });
  await database.connect();
  mkdirSync(join(deployment.storageRoot, 'in'), { recursive: true });
  for (let at = 0; at < IMAGES; at += 1) {
    const seed = at - (at % COPY_OF);
    const bytes = await patchwork(seed, 320 - 40 * (at % COPY_OF), 240 - 30 * (at % COPY_OF))
      .png()
      .toBuffer();
    writeFileSync(join(deployment.storageRoot, 'in', `${at}.png`), bytes);
  }
});

afterAll(async () => {
  await database?.end();
  await deployment?.stop();
});

const counts = async (sql: string) => (await database.query<{ n: number }>(sql)).rows[0]?.n;

it(
  'leaves one row and one vector per image when a worker is killed in the middle',
  { timeout: 240_000 },
  async () => {
    const { client } = deployment;
    const tasks = Array.from({ length: IMAGES }, (_, at) => ({
      image_path: `in/${at}.png`,
      product_id: `p${at}`,
      name: `Picture ${at}`,
    }));
    const { batch_id, task_ids } = await client.queue.enqueueBatch({ tasks });
    const finished = async () => (await client.tasks.getBatch(batch_id)).counts.completed ?? 0;
    await eventually(async () => (await finished()) >= 5, PATIENT);
    await deployment.worker.kill('SIGKILL');
    expect(await finished()).toBeLessThan(IMAGES);
    await deployment.startWorker();
    await eventually(async () => (await client.tasks.getBatch(batch_id)).finished, PATIENT);

    const ended = await Promise.all(task_ids.map((id) => client.tasks.get(id)));
    expect(ended.filter(({ status }) => status !== 'completed')).toEqual([]);
    for (const { result } of ended) expect(ImageResult.parse(result).superseded).toBe(false);
    expect(await counts('SELECT count(*)::int AS n FROM images WHERE recipe IS NOT NULL')).toBe(IMAGES);
    expect(await counts('SELECT count(*)::int AS n FROM vectors')).toBe(IMAGES);
    expect(await counts('SELECT count(DISTINCT source)::int AS n FROM vectors')).toBe(IMAGES);
    const generations = `SELECT count(*)::int AS n FROM images i JOIN vector_sources v
    ON v.source = i.id::text AND v.generation = i.generation::text`;
    expect(await counts(generations)).toBe(IMAGES);
    // Copies that were indexed at the same moment, or around the kill, found each other nevertheless.
    const { data: groups } = await client.images.duplicates({ limit: 200 });
    expect(groups.map(({ size }) => size)).toEqual(Array.from({ length: IMAGES / COPY_OF }, () => COPY_OF));
  },
);
