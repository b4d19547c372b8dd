import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeDataFolder } from './data-folder.js';

describe('a data folder', () => {
  let folder: string;
  let lock: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'intake-folder-'));
    lock = join(folder, 'up.pid');
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is free again when it was given back', () => {
    takeDataFolder(folder)();
    takeDataFolder(folder)();
  });

  it('is refused while its holder lives', () => {
    writeFileSync(lock, String(process.ppid));
    expect(() => takeDataFolder(folder)).toThrow(`stop process ${process.ppid}`);
  });

  it('is taken from a holder that is gone', () => {
    writeFileSync(lock, '4194305 17');
    takeDataFolder(folder)();
  });

  it.runIf(process.platform === 'linux')('is taken when another program has the id of its holder', () => {
    writeFileSync(lock, `${process.ppid} 1`);
    const giveBack = takeDataFolder(folder);
    expect(readFileSync(lock, 'utf8')).toMatch(new RegExp(`^${process.pid} \\d+$`));
    giveBack();
  });
});
