import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LoopbackDialer, ScriptedResolver } from '../../test/support/outbound-ports.js';
import { readConfig } from '../config/config.js';
import { Outbound } from '../http/outbound.js';
import { OutboundPolicy } from '../http/outbound-policy.js';
import { Clock } from '../kernel/clock.js';
import { Buckets } from './buckets.js';
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
  const policy = new OutboundPolicy({ allow: [], allowLoopback: true });
  const outbound = new Outbound(policy, new ScriptedResolver(), new LoopbackDialer());
  reader = new SourceReader(store, new Buckets(new Map([['other', store]])), outbound, new Clock());
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

it('reads a bucket by its name, when it is one of those that may be read', async () => {
  const fetched = await reader.fetch({ kind: 'object', bucket: 'other', key: 'file' });
  expect(fetched.sizeBytes).toBe(bytes.length);
  await fetched.dispose();
  await expect(reader.fetch({ kind: 'object', bucket: 'unknown', key: 'file' })).rejects.toMatchObject({
    code: 'bucket.forbidden',
  });
});

it('reads files below a root of this machine, and follows no link out of it', async () => {
  const pictures = join(root, 'pictures');
  await mkdir(pictures);
  await writeFile(join(pictures, 'in'), 'inside');
  await symlink(join(root, 'file'), join(pictures, 'out'));
  const fetched = await reader.fetch({ kind: 'file', root: pictures, segments: ['in'] });
  expect(await readFile(fetched.path, 'utf8')).toBe('inside');
  await fetched.dispose();
  const out = reader.fetch({ kind: 'file', root: pictures, segments: ['out'] });
  await expect(out).rejects.toMatchObject({ code: 'path.forbidden' });
  const missing = reader.fetch({ kind: 'file', root: pictures, segments: ['nothing'] });
  await expect(missing).rejects.toMatchObject({ code: 'source.not_found' });
});

it('does not take a file for what it was while somebody else goes on writing it', async () => {
  await store.put('growing', bytes);
  const growing = { open: (key: string) => store.open(key).then(grow) } as FilesystemObjectStore;
  const grow = async (opened: Awaited<ReturnType<FilesystemObjectStore['open']>>) => {
    await appendFile(join(root, 'growing'), 'more');
    return opened;
  };
  const others = new SourceReader(growing, new Buckets(), undefined as never, new Clock());
  await expect(others.fetch({ kind: 'key', key: 'growing' })).rejects.toMatchObject({
    code: 'source.changed',
    retryable: true,
  });
});
