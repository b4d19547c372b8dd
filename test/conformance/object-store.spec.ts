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

interface Adapter {
  store: ObjectStore;
  close(): Promise<void>;
}

async function filesystem(): Promise<Adapter> {
  const root = await mkdtemp(join(tmpdir(), 'object-store-'));
  const config = readConfig({
    DATABASE_URL: 'postgres://localhost/x',
    AUTH_MODE: 'disabled',
    STORAGE_ROOT: root,
  });
  return {
    store: new FilesystemObjectStore(config, new Clock()),
    close: () => rm(root, { recursive: true }),
  };
}

const bytes = Buffer.from('What was put comes back.\n');
const sha256 = createHash('sha256').update(bytes).digest('hex');
const freshKey = () => `spec/${newId()}.txt`;

async function* interrupted() {
  yield Buffer.from('half');
  throw new Error('the client left');
}

describe.each([['filesystem', filesystem]])('an object store on the %s', (_name, openAdapter) => {
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
      await expect(store.put(key, bytes)).rejects.toMatchObject({ code: 'source.not_a_file' });
      await expect(store.delete(key)).rejects.toMatchObject({ code: 'source.not_a_file' });
    }
    await expect(store.put('folder/file/deeper', bytes)).rejects.toMatchObject({ code: 'source.not_a_file' });
    await expect(store.open('folder/file/deeper')).rejects.toMatchObject({ code: 'source.not_found' });
    expect(await read('folder/file')).toBe(bytes.toString());
  });

  it('shows readers whole objects only while writers race', async () => {
    const key = freshKey();
    const versions = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(200_000));
    await store.put(key, Buffer.from(versions[0]));
    const writers = versions.map((version) => store.put(key, Buffer.from(version)));
    const readers = Array.from({ length: 20 }, () => read(key));
    const seen = new Set(await Promise.all(readers));
    await Promise.all(writers);
    expect(versions).toEqual(expect.arrayContaining([...seen]));
  });
});
