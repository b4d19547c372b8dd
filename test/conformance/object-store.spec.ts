import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.js';
import { Clock } from '../../src/kernel/clock.js';
import { newId } from '../../src/kernel/ids.js';
import { FilesystemObjectStore } from '../../src/storage/filesystem-object-store.adapter.js';
import type { ObjectStore } from '../../src/storage/object-store.js';
import { createS3Client } from '../../src/storage/s3-client.adapter.js';
import { S3ObjectStore } from '../../src/storage/s3-object-store.adapter.js';
import { newUploadKey } from '../../src/storage/upload-keys.js';
import { S3Server } from '../support/s3-server.js';

interface Adapter {
  store: ObjectStore;
  /** A key is a file or a folder, never both. */
  hasFolders: boolean;
  /** The server used here writes in place, which S3 does not. */
  replacesAtOnce: boolean;
  close(): Promise<void>;
}

async function filesystem(): Promise<Adapter> {
  const root = await mkdtemp(join(tmpdir(), 'object-store-'));
  const config = readConfig({
    DATABASE_URL: 'postgres://localhost/x',
    AUTH_MODE: 'disabled',
    STORAGE_ROOT: root,
    INTAKE_SECRET_KEY: 'the secret key of a test of stores',
  });
  return {
    store: new FilesystemObjectStore(config, new Clock()),
    hasFolders: true,
    replacesAtOnce: true,
    close: () => rm(root, { recursive: true }),
  };
}

async function s3(): Promise<Adapter> {
  const server = await S3Server.start('intake');
  const variables = { DATABASE_URL: 'postgres://localhost/x', AUTH_MODE: 'disabled' };
  const { storage } = readConfig({ ...variables, ...server.variables('intake') });
  const client = createS3Client(storage.s3!);
  return {
    store: new S3ObjectStore(client, 'intake'),
    hasFolders: false,
    replacesAtOnce: false,
    close: async () => {
      client.destroy();
      await server.stop();
    },
  };
}

const bytes = Buffer.from('What was put comes back.\n');
const sha256 = createHash('sha256').update(bytes).digest('hex');
const freshKey = () => `spec/${newId()}.txt`;

async function* interrupted() {
  yield Buffer.from('half');
  throw new Error('the client left');
}

describe.each([
  ['filesystem', filesystem],
  ['protocol of S3', s3],
])('an object store on the %s', (_name, openAdapter) => {
  let adapter: Adapter;
  let store: ObjectStore;
  const read = async (key: string) => (await buffer((await store.open(key)).stream)).toString();

  beforeAll(async () => {
    adapter = await openAdapter();
    store = adapter.store;
  });
  afterAll(() => adapter.close());

  it('gives back what was put, with its size and checksum, from a buffer and from a stream', async () => {
    for (const body of [bytes, Readable.from([bytes.subarray(0, 5), bytes.subarray(5)])]) {
      const key = freshKey();
      expect(await store.put(key, body)).toEqual({ sizeBytes: bytes.length, sha256 });
      const opened = await store.open(key);
      expect(opened.sizeBytes).toBe(bytes.length);
      expect(await buffer(opened.stream)).toEqual(bytes);
      expect(await store.stat(key)).toEqual({ sizeBytes: bytes.length });
    }
  });

  it('holds an empty object', async () => {
    const key = freshKey();
    expect((await store.put(key, Buffer.alloc(0))).sizeBytes).toBe(0);
    expect(await read(key)).toBe('');
  });

  it('replaces an object', async () => {
    const key = freshKey();
    await store.put(key, Buffer.from('old'));
    await store.put(key, Buffer.from('new'));
    expect(await read(key)).toBe('new');
  });

  it('keeps the old object, and no part of the new one, when a put fails', async () => {
    const [key, unborn] = [freshKey(), freshKey()];
    await store.put(key, Buffer.from('old'));
    await expect(store.put(key, Readable.from(interrupted()))).rejects.toThrow('the client left');
    await expect(store.put(unborn, Readable.from(interrupted()))).rejects.toThrow('the client left');
    expect(await read(key)).toBe('old');
    await expect(store.stat(unborn)).rejects.toMatchObject({ code: 'source.not_found' });
  });

  it('refuses more bytes than allowed, and takes exactly as many', async () => {
    const key = freshKey();
    const refused = store.put(key, Readable.from([bytes]), { maxBytes: bytes.length - 1 });
    await expect(refused).rejects.toMatchObject({ code: 'source.too_large', status: 413 });
    await expect(store.stat(key)).rejects.toMatchObject({ code: 'source.not_found' });
    await store.put(key, Readable.from([bytes]), { maxBytes: bytes.length });
    expect(await read(key)).toBe(bytes.toString());
  });

  it('stops at once when aborted, with the reason of the signal', async () => {
    const stop = new AbortController();
    const endless = new Readable({ read: () => undefined });
    const put = store.put(freshKey(), endless, { signal: stop.signal });
    stop.abort(new Error('cancelled'));
    await expect(put).rejects.toThrow('cancelled');
    await expect(store.open(freshKey(), { signal: stop.signal })).rejects.toThrow('cancelled');
  });

  it('says that a missing key is missing, and deletes it without complaint', async () => {
    for (const key of [freshKey(), 'no/such/folder/x', 'a name with 😀.pdf']) {
      await expect(store.open(key)).rejects.toMatchObject({ code: 'source.not_found' });
      await expect(store.stat(key)).rejects.toMatchObject({ code: 'source.not_found' });
      await expect(store.delete(key)).resolves.toBeUndefined();
    }
  });

  it('forgets a deleted object', async () => {
    const key = freshKey();
    await store.put(key, bytes);
    await store.delete(key);
    await expect(store.open(key)).rejects.toMatchObject({ code: 'source.not_found' });
  });

  it('takes names of any script, emoji and quotes as they are', async () => {
    const name = `Jahresbericht "2025" für Öl & Gas, 東京 👩‍👩‍👧 100%.pdf`;
    await store.put(`uploads/${name}`, bytes);
    expect(await read(`uploads//./${name}`)).toBe(bytes.toString());
  });

  it.each([
    '../x',
    'a/../../x',
    'a/..',
    '/etc/passwd',
    '//x',
    'C:/x',
    'c:x',
    'a\\b',
    '..\\x',
    'a\0b',
    '.incoming/x',
  ])('refuses %j, which could leave the root', async (key) => {
    for (const work of [store.open(key), store.stat(key), store.delete(key), store.put(key, bytes)]) {
      await expect(work).rejects.toMatchObject({ code: 'path.forbidden', status: 422 });
    }
  });

  it('refuses a part of 500 characters plainly, and takes them in parts', async () => {
    const name = '😀' + 'x'.repeat(499);
    for (const work of [store.open(name), store.put(`a/${name}`, bytes), store.open('é'.repeat(128))]) {
      await expect(work).rejects.toMatchObject({ code: 'path.too_long', status: 422 });
    }
    const inParts = name.replace(/.{100}/gu, '$&/');
    await store.put(inParts, bytes);
    expect(await read(inParts)).toBe(bytes.toString());
    await expect(store.open('part/'.repeat(300) + 'x')).rejects.toMatchObject({ code: 'path.too_long' });
  });

  it('refuses to treat a folder as a file, and a file as a folder', async () => {
    await store.put('folder/file', bytes);
    for (const key of ['folder', '.', '', 'folder/']) {
      await expect(store.open(key)).rejects.toMatchObject({ code: 'source.not_a_file' });
      await expect(store.stat(key)).rejects.toMatchObject({ code: 'source.not_a_file' });
      if (!adapter.hasFolders && key.startsWith('folder')) continue;
      await expect(store.put(key, bytes)).rejects.toMatchObject({ code: 'source.not_a_file' });
      await expect(store.delete(key)).rejects.toMatchObject({ code: 'source.not_a_file' });
    }
    if (adapter.hasFolders)
      await expect(store.put('folder/file/deeper', bytes)).rejects.toMatchObject({
        code: 'source.not_a_file',
      });
    await expect(store.open('folder/file/deeper')).rejects.toMatchObject({ code: 'source.not_found' });
    expect(await read('folder/file')).toBe(bytes.toString());
  });

  it('shows readers whole objects only while writers race', async ({ skip }) => {
    skip(!adapter.replacesAtOnce, 'the server of this test writes in place');
    const key = freshKey();
    const versions = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(200_000));
    await store.put(key, Buffer.from(versions[0]));
    const writers = versions.map((version) => store.put(key, Buffer.from(version)));
    const readers = Array.from({ length: 20 }, () => read(key));
    const seen = new Set(await Promise.all(readers));
    await Promise.all(writers);
    expect(versions).toEqual(expect.arrayContaining([...seen]));
  });

  it('holds what is larger than the parts that it is sent in', async () => {
    const key = freshKey();
    const chunk = Buffer.alloc(1024 * 1024, 'part');
    const body = Readable.from(Array.from({ length: 20 }, () => chunk));
    expect(await store.put(key, body)).toMatchObject({ sizeBytes: 20 * chunk.length });
    const { stream, sizeBytes } = await store.open(key);
    const hash = createHash('sha256');
    for await (const piece of stream as AsyncIterable<Buffer>) hash.update(piece);
    expect(sizeBytes).toBe(20 * chunk.length);
    const whole = createHash('sha256');
    for (let at = 0; at < 20; at += 1) whole.update(chunk);
    expect(hash.digest('hex')).toBe(whole.digest('hex'));
  });

  it('reads a part of an object', async () => {
    const key = freshKey();
    await store.put(key, bytes);
    const { stream, sizeBytes } = await store.open(key, { range: { start: 5, end: 7 } });
    expect([sizeBytes, (await buffer(stream)).toString()]).toEqual([3, bytes.subarray(5, 8).toString()]);
  });

  it('lists what lies below a folder, page by page, in the order of bytes', async () => {
    const folder = `listed/${newId()}`;
    const names = ['a-b', 'a/1', 'a/2/x', 'a0', 'b', 'Z', 'ö'];
    for (const name of names) await store.put(`${folder}/${name}`, Buffer.from(name));
    await store.put(`${folder}-sibling`, bytes);
    const keys = names.map((name) => `${folder}/${name}`);
    const sorted = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const pages: string[][] = [];
    for (let after: string | undefined; ; after = pages.at(-1)?.at(-1)) {
      const page = await store.list(folder, { after, limit: 3 });
      if (page.length === 0) break;
      pages.push(page.map(({ key }) => key));
    }
    expect(pages.flat()).toEqual(sorted);
    expect(pages.map(({ length }) => length)).toEqual([3, 3, 1]);
    const [first] = await store.list(folder, { limit: 1 });
    expect(first).toMatchObject({ sizeBytes: 1, modifiedAt: expect.any(Date) });
    expect(await store.list('listed/nothing', { limit: 5 })).toEqual([]);
    await expect(store.list('../x', { limit: 5 })).rejects.toMatchObject({ code: 'path.forbidden' });
  });

  it('gives links to what a tenant may see, and to no upload of another', async () => {
    const options = { expiresInSeconds: 60, fileName: 'a "b".pdf', contentType: 'application/pdf' };
    const own = newUploadKey('documents', { tenantId: 'one' });
    expect(await store.urlFor({ tenantId: 'one' }, own, options)).toMatch(/^(http:|\/api\/files\/)/);
    await expect(store.urlFor({ tenantId: 'two' }, own, options)).rejects.toMatchObject({
      code: 'path.forbidden',
    });
  });

  it('says that it is there', async () => {
    await store.check();
  });
});
