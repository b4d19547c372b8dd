import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import type { ImageSearchResults } from '../../src/images/image-search.contract.js';
import { ImageResult } from '../../src/images/images.contract.js';
import { fetchJson, formOf, postJson, type JsonAnswer } from '../support/json-calls.js';
import { everyKind, patchwork } from '../support/made-pictures.js';
import { Deployment } from '../support/processes.js';
import { transports } from '../support/stack.js';

type Body = JsonAnswer['body'];
type Found = z.output<typeof ImageSearchResults>;

const png = (seed: number) => patchwork(seed).png().toBuffer();

describe.each(transports())('images over the API, queue on %s', (transport) => {
  let deployment: Deployment;
  let host: Server;
  let hostUrl = '';

  beforeAll(async () => {
    host = createServer((request, response) => {
      if (request.url === '/gone.png') return void response.writeHead(404).end();
      if (request.url === '/inward.png')
        return void response.writeHead(302, { location: 'http://10.0.0.1/a.png' }).end();
      void png(1).then((bytes) => response.end(bytes));
    }).listen(0, '127.0.0.1');
    deployment = await Deployment.start(transport);
    hostUrl = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
  });

  afterAll(async () => {
    host?.close();
    await deployment?.stop();
  });

  const call = (path: string, init?: RequestInit) => fetchJson(deployment.url + path, init);
  const post = (path: string, body: unknown, headers?: Record<string, string>) =>
    postJson(deployment.url + path, body, headers);
  const store = (key: string, bytes: string | Uint8Array) => {
    const path = join(deployment.storageRoot, key);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, bytes);
  };
  const outcome = async (taskId: unknown) => {
    const task = await deployment.client.waitFor(String(taskId), { timeoutMs: 60_000 });
    return { task, result: task.status === 'completed' ? ImageResult.parse(task.result) : null };
  };
  const completedOf = async (accepted: { status: number; body: Body }) => {
    expect([accepted.status, accepted.body.code]).toEqual([202, undefined]);
    const { task, result } = await outcome(accepted.body.task_id);
    expect([task.status, task.error]).toEqual(['completed', null]);
    return result as ImageResult;
  };
  const upload = async (bytes: Uint8Array, fields: Record<string, string>) =>
    completedOf(await call('/api/images', { method: 'POST', body: formOf(bytes, fields) }));
  const enqueue = async (fields: Body) => completedOf(await post('/queue/enqueue', fields));
  const search = async (request: unknown) => {
    const { status, body } = await post('/api/images/search', request);
    expect([status, body.code]).toEqual([200, undefined]);
    return body as unknown as Found;
  };
  const uploads = () => {
    const root = join(deployment.storageRoot, 'uploads/images');
    return existsSync(root)
      ? readdirSync(root, { recursive: true, withFileTypes: true }).filter((e) => e.isFile())
      : [];
  };
  const names = ({ hits }: Found) => hits.map(({ product_id }) => product_id);

  it('indexes every kind that it is sent, by its bytes', async () => {
    for (const [type, bytes] of Object.entries(await everyKind())) {
      const result = await upload(bytes, { product_id: `kind ${type}` });
      expect(result).toMatchObject({
        content_type: type,
        width: 120,
        height: 80,
        frames: 1,
        image_id: 'main',
      });
      expect(result.perceptual_hash).toMatch(/^[0-9a-f]{16}$/);
    }
    // The same picture six times.
    const [record] = (await deployment.client.images.get('kind image/png')).data;
    expect(record?.near_duplicates.length).toBeGreaterThan(0);
    for (const type of Object.keys(await everyKind())) await deployment.client.images.delete(`kind ${type}`);
    expect(uploads()).toEqual([]);
  });

  it('takes the original calls of the image queue: a key, a path that looks absolute, a URL', async () => {
    store('catalogue/a.png', await png(2));
    const first = await post('/api/queue/enqueue', {
      image_path: 'catalogue/a.png',
      product_id: 17,
      name: 'Copper kettle',
      description: 'With a wooden handle',
      tags: ['kitchen'],
      metadata: { brand: 'Ember', weight: 2 },
      priority: 'high',
      task_id: `kettle-${transport}`,
    });
    expect(first.body).toMatchObject({
      status: 'queued',
      queue: 'images',
      product_id: '17',
      image_id: 'main',
    });
    expect(first.body.queue_length).toBeGreaterThan(0);
    expect(first.headers.get('location')).toBe(`/api/tasks/${String(first.body.task_id)}`);
    expect(await completedOf(first)).toMatchObject({ product_id: '17', content_type: 'image/png' });
    const status = await call(`/api/queue/status/kettle-${transport}`);
    expect(status.body).toMatchObject({ status: 'completed', type: 'images.index', priority: 3 });
    await enqueue({ image_path: '/catalogue/a.png', product_id: '17', image_id: 'again' });
    await enqueue({ image_path: `${hostUrl}/one.png`, product_id: 'by-url' });
    const { data } = await deployment.client.images.get('17');
    expect(data.map(({ image_id }) => image_id)).toEqual(['again', 'main']);
    expect(data[1]).toMatchObject({
      name: 'Copper kettle',
      metadata: { brand: 'Ember', weight: 2 },
      status: 'completed',
    });
    expect((await call('/api/queue/stats?queue=image_indexing_queue')).status).toBe(200);
  });

  it('refuses at once what escapes its root, and lets a worker find what is not there', async () => {
    for (const [image_path, code] of [
      ['../secret.png', 'path.forbidden'],
      ['a/../../b.png', 'path.forbidden'],
      ['s3://elsewhere/a.png', 'bucket.forbidden'],
      ['http://10.0.0.1/a.png', 'outbound.forbidden'],
    ]) {
      const { status, body } = await post('/api/queue/enqueue', { image_path, product_id: 'escape' });
      expect([image_path, status, body.code]).toEqual([image_path, 422, code]);
      expect(body.errors).toMatchObject([{ path: 'image_path' }]);
    }
    for (const image_path of ['nowhere.png', '/etc/passwd', `${hostUrl}/gone.png`]) {
      const { body } = await post('/api/queue/enqueue', { image_path, product_id: 'missing' });
      const { task } = await outcome(body.task_id);
      expect(task).toMatchObject({
        status: 'failed',
        reason: 'permanent',
        error: { code: 'source.not_found' },
      });
    }
  });

  it('takes a batch whole or not at all, and of one image the last', async () => {
    store('catalogue/b.png', await png(3));
    const tasks = Array.from({ length: 5 }, (_, at) => ({
      image_path: 'catalogue/b.png',
      product_id: `batch-${at % 4}`,
    }));
    const refused = await post('/api/queue/enqueue/batch', {
      tasks: [...tasks, { image_path: '../x', product_id: 'batch-9' }],
    });
    expect([refused.status, refused.body.code]).toEqual([422, 'path.forbidden']);
    expect(refused.body.errors).toMatchObject([{ path: 'tasks.5.image_path' }]);
    expect((await call('/api/images/batch-0')).status).toBe(404);

    const accepted = await deployment.client.queue.enqueueBatch({ tasks });
    const results = await Promise.all(accepted.task_ids.map(async (id) => (await outcome(id)).result));
    expect(results.map((result) => result?.superseded)).toEqual([true, false, false, false, false]);
    const { data } = await deployment.client.images.get('batch-0');
    expect(data).toMatchObject([{ task_id: accepted.task_ids[4], status: 'completed' }]);
    for (const product of [0, 1, 2, 3]) await deployment.client.images.delete(`batch-${product}`);
  });

  it('finds pictures by pictures: a copy made smaller, a product, a URL; and by words', async () => {
    const made = await Promise.all([20, 21, 22, 23].map(png));
    for (const [at, bytes] of made.entries())
      await upload(bytes, {
        product_id: `find-${at}`,
        name: ['Copper kettle', 'Tin kettle', 'Linen shirt', 'Paper lamp'][at] ?? '',
        tags: at === 2 ? 'summer, blue cloth' : '[]',
        metadata: JSON.stringify({ shelf: at % 2 }),
      });
    const copy = await sharp(made[2]).resize(120).jpeg({ quality: 60 }).toBuffer();
    const form = formOf(copy, { limit: '2', filter: JSON.stringify({ metadata: { shelf: 0 } }) });
    const byFile = (await call('/api/images/search', { method: 'POST', body: form }))
      .body as unknown as Found;
    expect([byFile.match, names(byFile)[0], byFile.hits.length]).toEqual(['visual', 'find-2', 2]);
    expect(byFile.hits[0]?.score).toBeGreaterThan(0.7);
    expect(new Set(names(byFile))).toEqual(new Set(['find-0', 'find-2']));
    const thumbnail = await fetch(deployment.url + (byFile.hits[0]?.links.thumbnail ?? ''));
    expect([thumbnail.status, thumbnail.headers.get('content-type')]).toEqual([200, 'image/webp']);

    const filter = { product_ids: ['find-0', 'find-1', 'find-2', 'find-3'] };
    const like = await search({ product_id: 'find-1', filter });
    expect(names(like)).toHaveLength(3);
    expect(names(like)).not.toContain('find-1');
    const byUrl = await search({ image_url: `${hostUrl}/1.png`, limit: 1 });
    expect(names(byUrl)).toEqual(['by-url']);

    const words = await search({ text: 'kettles', filter });
    expect([words.match, words.model, names(words).toSorted()]).toEqual([
      'metadata',
      null,
      ['find-0', 'find-1'],
    ]);
    expect(names(await search({ text: 'copper kettle', filter }))).toEqual(['find-0', 'find-1']);
    expect(names(await search({ text: 'cloth', filter: { metadata: { shelf: 0 } } }))).toEqual(['find-2']);
    expect(names(await search({ text: '!?' }))).toEqual([]);
    const visual = await post('/api/images/search', { text: 'kettle', match: 'visual' });
    expect([visual.status, visual.body.code]).toEqual([422, 'embedding.no_text_tower']);
  });

  it('says what is wrong with a search', async () => {
    for (const [request, path] of [
      [{}, 'text'],
      [{ text: 'a', product_id: 'b' }, 'product_id'],
      [{ product_id: 'b', match: 'metadata' }, 'match'],
      [{ text: 'a', limit: 1_000 }, 'limit'],
    ] as const) {
      const { status, body } = await post('/api/images/search', request);
      expect([request, status, body.errors]).toMatchObject([request, 422, [{ path }]]);
    }
    expect((await post('/api/images/search', { product_id: 'nobody' })).body.code).toBe('image.not_found');
    expect((await post('/api/images/search', { image_url: 'http://10.0.0.1/a.png' })).body.code).toBe(
      'outbound.forbidden',
    );
    const text = await call('/api/images/search', {
      method: 'POST',
      body: formOf(Buffer.from('no picture'), {}),
    });
    expect([text.status, text.body.code]).toEqual([422, 'image.unsupported']);
  });

  it('hands out thumbnail and file of what it indexed, and nothing that a browser would run', async () => {
    const bytes = await png(40);
    await upload(bytes, { product_id: 'a/b c', image_id: 'ü&?' });
    const self = '/api/images/a%2Fb%20c';
    const file = await fetch(`${deployment.url}${self}/file`);
    expect(Buffer.from(await file.arrayBuffer()).equals(bytes)).toBe(true);
    expect(Object.fromEntries(file.headers)).toMatchObject({
      'content-type': 'image/png',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
    });
    const again = await fetch(`${deployment.url}${self}/file?image_id=%C3%BC%26%3F`, {
      headers: { 'if-none-match': file.headers.get('etag') ?? '' },
    });
    expect([again.status, await again.text()]).toEqual([304, '']);
    const small = await deployment.client.images.thumbnail('a/b c', 'ü&?');
    expect(await sharp(small).metadata()).toMatchObject({ format: 'webp', width: 240, height: 180 });
    expect((await call(`${self}/file?image_id=other`)).body.code).toBe('image.not_found');

    store('moving.png', bytes);
    await enqueue({ image_path: 'moving.png', product_id: 'moving' });
    store('moving.png', '<script>alert(1)</script>');
    expect((await call('/api/images/moving/file')).body.code).toBe('source.changed');
  });

  it('replaces an image, recognises the same bytes, and forgets a deleted one with all that it left', async () => {
    const before = uploads().length;
    const [one, two] = [await png(50), await png(51)];
    const run = (bytes: Uint8Array, name = 'One') => upload(bytes, { product_id: 'again', name });
    expect(await run(one)).toMatchObject({ unchanged: false });
    expect(await run(one)).toMatchObject({ unchanged: true });
    expect(await run(one, 'Other')).toMatchObject({ unchanged: false });
    expect(await run(two)).toMatchObject({ unchanged: false });
    const nearest = async (bytes: Uint8Array) => {
      const form = formOf(bytes, { filter: JSON.stringify({ product_ids: ['again'] }) });
      return ((await call('/api/images/search', { method: 'POST', body: form })).body as unknown as Found)
        .hits;
    };
    expect((await nearest(two))[0]?.score).toBeGreaterThan(0.99);
    expect((await nearest(one))[0]?.score).toBeLessThan(0.99);
    expect((await deployment.client.images.list({ product_id: 'again' })).data).toHaveLength(1);
    await deployment.client.images.delete('again');
    expect(await nearest(two)).toEqual([]);
    expect((await call('/api/images/again')).status).toBe(404);
    expect(uploads().length - before).toBeLessThanOrEqual(3);
  });

  it('groups near-duplicates, and remembers what was decided', async () => {
    const { images } = deployment.client;
    const bytes = await png(60);
    const jpeg = await sharp(bytes).jpeg({ quality: 70 }).toBuffer();
    const small = await sharp(bytes).resize(150).png().toBuffer();
    await upload(bytes, { product_id: 'twin-1' });
    await upload(jpeg, { product_id: 'twin-2' });
    const third = await upload(small, { product_id: 'twin-3' });
    expect(third.near_duplicates.map(({ product_id }) => product_id).toSorted()).toEqual([
      'twin-1',
      'twin-2',
    ]);
    const groupOf = async (product: string) =>
      (await images.duplicates({ limit: 200 })).data.find((group) =>
        group.images.some(({ product_id }) => product_id === product),
      );
    const group = await groupOf('twin-2');
    expect(group).toMatchObject({ size: 3, images: [{ product_id: 'twin-1' }, {}, {}] });
    const groupId = group?.group_id ?? '';

    await expect(images.decide(groupId, { keep: ['twin-1', 'by-url'] })).rejects.toMatchObject({
      status: 422,
    });
    expect(await images.decide(groupId, { keep: ['twin-1', 'twin-2'] })).toMatchObject({ undecided: 1 });
    // The third still looks like both of them.
    expect((await groupOf('twin-3'))?.group_id).toBe(groupId);
    const decided = await images.decide(groupId, { keep: ['twin-1', 'twin-2'], discard: ['twin-3'] });
    expect(decided).toMatchObject({ discarded: [{ product_id: 'twin-3', image_id: 'main' }], undecided: 0 });
    expect(await groupOf('twin-1')).toBeUndefined();
    await expect(images.decide(groupId, { discard: ['twin-1'] })).rejects.toMatchObject({
      code: 'duplicates.group_not_found',
    });

    const products = { filter: { product_ids: ['twin-1', 'twin-2', 'twin-3'] } };
    const found = async () => names(await search({ product_id: 'twin-1', ...products }));
    expect(await found()).toEqual(['twin-2']);
    // The same pictures again, under other names: still decided, still discarded.
    await upload(small, { product_id: 'twin-3', name: 'Third' });
    await upload(jpeg, { product_id: 'twin-2', name: 'Second' });
    expect(await groupOf('twin-1')).toBeUndefined();
    expect(await found()).toEqual(['twin-2']);
    expect((await images.get('twin-3')).data[0]?.discarded_at).toBeTruthy();
    // Another picture is another matter.
    await upload(await png(61), { product_id: 'twin-3' });
    expect(await found()).toHaveLength(2);
    expect((await images.get('twin-3')).data[0]?.discarded_at).toBeNull();
  });

  it('drops where a picture was taken, unless asked', async () => {
    const tagged = await patchwork(70)
      .withExif({
        IFD0: { Make: 'Canon' },
        IFD3: {
          GPSLatitudeRef: 'N',
          GPSLatitude: '52/1 30/1 0/1',
          GPSLongitudeRef: 'E',
          GPSLongitude: '13/1 24/1 0/1',
        },
      })
      .jpeg()
      .toBuffer();
    await upload(tagged, { product_id: 'tagged' });
    await upload(tagged, { product_id: 'tagged', image_id: 'placed', keep_location: 'true' });
    const { data } = await deployment.client.images.get('tagged');
    expect(data.map(({ image_id, exif }) => [image_id, exif])).toEqual([
      ['placed', { make: 'Canon', location: { latitude: 52.5, longitude: 13.4 } }],
      ['main', { make: 'Canon' }],
    ]);
  });

  it('fails for good, in plain words, on what is no picture or too much of one', async () => {
    const good = await png(90);
    const bomb = Buffer.from(good);
    bomb.writeUInt32BE(60_000, 16);
    bomb.writeUInt32BE(60_000, 20);
    bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
    for (const [name, bytes, code] of [
      ['words.jpg', 'Only words.', 'image.unsupported'],
      ['empty.png', '', 'image.empty'],
      [
        'drawing.svg',
        '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
        'image.unsupported',
      ],
      ['bomb.png', bomb, 'image.too_large'],
      ['cut.png', good.subarray(0, good.length / 2), 'image.corrupt'],
    ] as const) {
      store(`bad/${name}`, bytes);
      const { body } = await post('/api/queue/enqueue', { image_path: `bad/${name}`, product_id: 'bad' });
      const { task } = await outcome(body.task_id);
      expect([name, task.status, task.reason, task.attempts]).toEqual([name, 'failed', 'permanent', 1]);
      expect(task.error?.code).toBe(code);
    }
    const { body } = await post('/api/queue/enqueue', {
      image_path: `${hostUrl}/inward.png`,
      product_id: 'bad',
    });
    expect((await outcome(body.task_id)).task.error?.code).toBe('outbound.forbidden');
    expect((await deployment.client.images.get('bad')).data).toMatchObject([
      { status: 'failed', sha256: null },
    ]);
    expect((await call('/api/images/bad/thumbnail')).body.code).toBe('image.not_processed');
  });

  it('answers an idempotency key with the first answer, and names every fault', async () => {
    store('once.png', await png(80));
    const request = { image_path: 'once.png', product_id: 'once' };
    const headers = { 'idempotency-key': 'image-1' };
    const first = await post('/api/queue/enqueue', request, headers);
    const again = await post('/api/queue/enqueue', request, headers);
    expect([again.body, again.headers.get('idempotency-replayed')]).toEqual([first.body, 'true']);
    const bad = await post('/api/queue/enqueue', { product_id: true, priority: 12, colour: 1, tags: 'a' });
    expect([bad.status, bad.body.code]).toEqual([422, 'request.invalid']);
    const paths = (bad.body.errors as Array<{ path: string }>).map(({ path }) => path);
    expect(paths.toSorted()).toEqual(['colour', 'image_path', 'priority', 'product_id', 'tags']);
  });
});
