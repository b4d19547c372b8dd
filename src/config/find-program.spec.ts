import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, it } from 'vitest';
import { findProgram } from './find-program.js';

it.skipIf(process.platform === 'win32')(
  'finds the first that may be run, in folders with whole names',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'find-program-'));
    for (const name of ['a', 'b', 'c']) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'reader'), '#!/bin/sh\n');
    }
    for (const name of ['b', 'c']) await chmod(join(folder, name, 'reader'), 0o755);
    const path = (...names: string[]) => names.map((name) => join(folder, name)).join(delimiter);
    expect(await findProgram('reader', { PATH: `.${delimiter}${path('a', 'none', 'b', 'c')}` })).toBe(
      join(folder, 'b', 'reader'),
    );
    expect(await findProgram('reader', { PATH: '' })).toBeUndefined();
    expect(await findProgram('reader', {})).toBeUndefined();
    expect(await findProgram('writer', { PATH: path('a', 'b') })).toBeUndefined();
    await rm(folder, { recursive: true });
  },
);
