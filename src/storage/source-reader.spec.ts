import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readConfig } from '../config/config.js';
import { Clock } from '../kernel/clock.js';
import { FilesystemObjectStore } from './filesystem-object-store.adapter.js';
import { SourceReader } from './source-reader.js';

const bytes = Buffer.alloc(300_000, 'abc');
let root: string;
let store: FilesystemObjectStore;
let reader: SourceReader;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'source-reader-'));
  const config = readConfig({
    DATABASE_URL: 'postgres://localhost/x',
    AUTH_MODE: 'disabled',
    STORAGE_ROOT: root,
  });
  store = new FilesystemObjectStore(config, new Clock());
  reader = new SourceReader(store, new Clock());
  await store.put('file', bytes);
});
afterAll(() => rm(root, { recursive: true }));

const source = { kind: 'key', key: 'file' } as const;

it('brings a private copy that outlives a change of the source, until it is disposed of', async () => {
  await store.put('changing', bytes);
  const fetched = await reader.fetch({ kind: 'key', key: 'changing' });
  await store.put('changing', Buffer.from('other'));
  expect(await readFile(fetched.path)).toEqual(bytes);
  expect(fetched.sizeBytes).toBe(bytes.length);
  expect(fetched.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  await fetched.dispose();
  await fetched.dispose();
  expect(existsSync(dirname(fetched.path))).toBe(false);
});

it('refuses a source that is too large before it copies a byte', async () => {
  await expect(reader.fetch(source, { maxBytes: 299_999 })).rejects.toMatchObject({
    code: 'source.too_large',
  });
  await (await reader.fetch(source, { maxBytes: 300_000 })).dispose();
});

it('passes on what the store refuses, and the reason of an abort', async () => {
  await expect(reader.fetch({ kind: 'key', key: 'absent' })).rejects.toMatchObject({
    code: 'source.not_found',
  });
  await expect(reader.fetch({ kind: 'key', key: '../x' })).rejects.toMatchObject({ code: 'path.forbidden' });
  const signal = AbortSignal.abort(new Error('cancelled'));
  await expect(reader.fetch(source, { signal })).rejects.toThrow('cancelled');
});
