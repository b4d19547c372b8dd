import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nearHashes } from '../../src/images/hash-quarters.js';
import { ALIKE } from '../../src/images/images.sql.js';
import { newId } from '../../src/kernel/ids.js';
import { DEFAULT_TENANT } from '../../src/kernel/tenant-scope.js';
import { planOf, stepsOf, touched, undone } from '../support/buffers.js';
import { Core } from '../support/core.js';
import { freshDatabase, type TestDatabase } from '../support/stack.js';

const IMAGES = 200_000;
/** Of 65,536 values of a quarter an index is asked for 17: some 50 images each, on pages of their own. */
const MOST_PAGES = 1_000;
const ASKED = '5a5a5a5a5a5a5a5a';
/** Two bits turned in each of three quarters, one in the last. */
const SEVEN_BITS_OFF = '5a595a595a595a5b';

/** As many as a statement has time for on a machine that is busy with something else. */
const AT_ONCE = 20_000;

/** $1: tenant, $2: the number of the first one, $3: of the last one, $4: any id. */
const INSERT_IMAGES = `
  INSERT INTO images (id, tenant_id, product_id, image_id, metadata, image_path, task_id, generation, perceptual_hash)
  SELECT gen_random_uuid(), $1, 'product-' || n, 'main', '{}', 'n.png', $4::uuid, $4::uuid, left(md5(n::text), 16)
  FROM generate_series($2::int, $3::int) n`;

const INSERT_NEAR = `
  INSERT INTO images (id, tenant_id, product_id, image_id, metadata, image_path, task_id, generation, perceptual_hash)
  VALUES ($2::uuid, $1, 'near', 'main', '{}', 'n.png', gen_random_uuid(), gen_random_uuid(), $3)`;

describe(`the look-up of images with a near hash among ${IMAGES}`, () => {
  let server: TestDatabase;
  let core: Core;

  beforeAll(async () => {
    server = await freshDatabase();
    core = new Core(server.url);
  });

  afterAll(async () => {
    await core.close();
    await server.drop();
  });

  it('reads what the indexes of the four quarters lead to, and misses none', async () => {
    const { database } = core;
    const near = newId();
    for (let first = 1; first <= IMAGES; first += AT_ONCE)
      await database.query(INSERT_IMAGES, DEFAULT_TENANT, first, first + AT_ONCE - 1, newId());
    await database.query(INSERT_NEAR, DEFAULT_TENANT, near, SEVEN_BITS_OFF);
    await database.query('ANALYZE images');
    const asked = [DEFAULT_TENANT, ASKED, 7, ...nearHashes(ASKED), newId(), 200];
    expect(await database.query(ALIKE, ...asked)).toEqual([{ id: near, distance: 7 }]);
    const plan = await undone(database, (tx) => planOf(database, tx, ALIKE, ...asked));
    const steps = stepsOf(plan);
    const indexes = steps.flatMap((step) => step['Index Name'] ?? []);
    expect(indexes.toSorted()).toEqual(['images_hash_1', 'images_hash_2', 'images_hash_3', 'images_hash_4']);
    expect(steps.map((step) => step['Node Type'])).not.toContain('Seq Scan');
    expect(touched(plan)).toBeLessThan(MOST_PAGES);
  }, 120_000);
});
