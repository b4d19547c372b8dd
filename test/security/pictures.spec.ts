import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEFAULT_PICTURE_LIMITS } from '../../src/engines/pictures/picture-limits.js';
import { PictureReader } from '../../src/engines/pictures/picture-reader.js';
import { Fault } from '../../src/kernel/fault.js';
import { DEFAULT_SANDBOX_OPTIONS, Sandbox } from '../../src/sandbox/sandbox.js';
import { watchChildren } from '../support/child-memory.js';
import { badPictures, type BadPicture } from '../support/hostile-pictures.js';
import { discAndBar } from '../support/made-pictures.js';

const MIB = 1024 ** 2;
/** Of a child that has decoded what is allowed to be decoded. */
const MOST_BYTES = 300 * MIB;

const sandbox = new Sandbox({ ...DEFAULT_SANDBOX_OPTIONS, size: 1 });
const reader = new PictureReader(sandbox, DEFAULT_PICTURE_LIMITS);
let folder: string;
let pictures: BadPicture[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pictures-'));
  pictures = await badPictures();
  await writeFile(join(folder, 'good'), await discAndBar().png().toBuffer());
});
afterAll(async () => {
  sandbox.onApplicationShutdown();
  await rm(folder, { recursive: true });
});

async function endOf({ name, bytes }: BadPicture): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return reader.read({ path }).then(
    ({ thumbnail }) => (thumbnail.length > 0 ? 'read' : 'no thumbnail'),
    (error: unknown) => (Fault.is(error) && !error.retryable ? error.code : String(error)),
  );
}

it('ends every bad picture in a plain permanent fault or a correct reading, within limits', async () => {
  const stopWatching = watchChildren(sandbox);
  const ends: Record<string, string> = {};
  for (const picture of pictures) {
    const end = await endOf(picture);
    const isRight =
      picture.faults.length === 0 ? end === 'read' : picture.faults.some((fault) => fault === end);
    if (!isRight) ends[picture.name] = end;
    const good = await reader.read({ path: join(folder, 'good') });
    expect(good.colours, `after ${picture.name}`).toEqual(['white', 'red', 'blue']);
  }
  expect(ends).toEqual({});
  expect(await stopWatching()).toBeLessThan(MOST_BYTES);
});

it('stops at once when it is told to', async () => {
  const stop = new AbortController();
  const path = join(folder, 'good');
  const running = reader.read({ path }, { signal: stop.signal });
  stop.abort(new Error('cancelled'));
  await expect(running).rejects.toThrow('cancelled');
  expect((await reader.read({ path })).width).toBe(120);
});

it('knows a file that is not there from a broken one', async () => {
  await expect(reader.read({ path: join(folder, 'nothing') })).rejects.not.toMatchObject({
    code: 'image.corrupt',
  });
});
