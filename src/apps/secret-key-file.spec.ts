import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SECRET_KEY_FILE, secretKeyOf } from './secret-key-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'intake-key-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('is made once, for its owner alone', () => {
  const key = secretKeyOf(folder);
  expect(Buffer.from(key, 'base64')).toHaveLength(32);
  expect(secretKeyOf(folder)).toBe(key);
  expect(statSync(join(folder, SECRET_KEY_FILE)).mode & 0o077).toBe(0);
});
