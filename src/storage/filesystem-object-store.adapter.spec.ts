import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readConfig } from '../config/config.js';
import { Clock } from '../kernel/clock.js';
import { FilesystemObjectStore } from './filesystem-object-store.adapter.js';

let folder: string;
let root: string;
let store: FilesystemObjectStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'filesystem-store-'));
  root = join(folder, 'root');
  await mkdir(join(folder, 'outside'));
  await writeFile(join(folder, 'outside', 'secret'), 'secret');
  await mkdir(root);
  const config = readConfig({
    DATABASE_URL: 'postgres://localhost/x',
    AUTH_MODE: 'disabled',
    STORAGE_ROOT: root,
  });
  store = new FilesystemObjectStore(config, new Clock());
});
afterEach(() => rm(folder, { recursive: true }));

const read = async (key: string) => text((await store.open(key)).stream);

it('follows no link out of the root, neither to read nor to write nor to delete', async () => {
  await symlink(join(folder, 'outside'), join(root, 'door'));
  await symlink(join(folder, 'outside', 'secret'), join(root, 'window'));
  for (const key of ['door/secret', 'window']) {
    await expect(store.open(key)).rejects.toMatchObject({ code: 'path.forbidden' });
    await expect(store.stat(key)).rejects.toMatchObject({ code: 'path.forbidden' });
  }
  await expect(store.put('door/new', Buffer.from('x'))).rejects.toMatchObject({ code: 'path.forbidden' });
  await expect(store.put('door/deep/new', Buffer.from('x'))).rejects.toMatchObject({
    code: 'path.forbidden',
  });
  await expect(store.delete('door/secret')).rejects.toMatchObject({ code: 'path.forbidden' });
  expect(await readdir(join(folder, 'outside'))).toEqual(['secret']);
});

it('does not mistake a sibling folder of the same beginning for the root', async () => {
  await mkdir(`${root}-evil`);
  await writeFile(join(`${root}-evil`, 'secret'), 'secret');
  await symlink(`${root}-evil`, join(root, 'door'));
  await expect(store.open('door/secret')).rejects.toMatchObject({ code: 'path.forbidden' });
});

it('follows links that stay inside, and a root that is a link itself', async () => {
  await store.put('real/file', Buffer.from('inside'));
  await symlink(join(root, 'real'), join(root, 'alias'));
  expect(await read('alias/file')).toBe('inside');
  await symlink(root, join(folder, 'linked-root'));
  const config = readConfig({
    DATABASE_URL: 'postgres://localhost/x',
    AUTH_MODE: 'disabled',
    STORAGE_ROOT: join(folder, 'linked-root'),
  });
  const linked = new FilesystemObjectStore(config, new Clock());
  expect(await linked.stat('real/file')).toEqual({ sizeBytes: 6 });
  await linked.put('real/other', Buffer.from('x'));
  expect(await read('real/other')).toBe('x');
});

it('makes its root when the first object comes, and finds nothing before', async () => {
  await rm(root, { recursive: true });
  await expect(store.open('x')).rejects.toMatchObject({ code: 'source.not_found' });
  await store.put('x', Buffer.from('x'));
  expect(await read('x')).toBe('x');
});

it.skipIf(process.platform === 'win32')(
  'refuses a named pipe at once instead of waiting for a writer',
  async () => {
    await promisify(execFile)('mkfifo', [join(root, 'pipe')]);
    await expect(store.open('pipe')).rejects.toMatchObject({ code: 'source.not_a_file' });
  },
);

it('replaces a link by the object, and leaves what the link meant alone', async () => {
  await symlink(join(folder, 'outside', 'secret'), join(root, 'window'));
  await store.put('window', Buffer.from('mine'));
  expect(await read('window')).toBe('mine');
  expect(await readdir(join(folder, 'outside'))).toEqual(['secret']);
});

it('leaves nothing half-written behind, and sweeps at start what a killed process left', async () => {
  await expect(store.put('x', Readable.from([Buffer.alloc(10)]), { maxBytes: 5 })).rejects.toThrow();
  const incoming = join(root, '.incoming');
  expect(await readdir(incoming)).toEqual([]);
  await writeFile(join(incoming, 'old'), 'x');
  await writeFile(join(incoming, 'in-progress'), 'x');
  const twoDaysAgo = new Date(new Clock().wallMs() - 2 * 86_400_000);
  await utimes(join(incoming, 'old'), twoDaysAgo, twoDaysAgo);
  await store.onModuleInit();
  expect(await readdir(incoming)).toEqual(['in-progress']);
});

it('says what the disk says, without its paths', async () => {
  await rm(root, { recursive: true });
  await writeFile(root, 'a file where the root should be');
  const failure = await store.put('x', Buffer.from('x')).catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: 'Fault' });
  expect((failure as { detail: string }).detail).not.toContain(folder);
});
