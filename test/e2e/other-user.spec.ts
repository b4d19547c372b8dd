import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { freePort } from '../support/free-port.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Somebody without a name on this machine. */
const USER = 1234;
const NOT_COPIED = new Set(['.git', '.intake', '.local', 'node_modules']);
const asRoot = process.getuid?.() === 0;

const folder = mkdtempSync(join(tmpdir(), 'intake-user-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A checkout that belongs to the user; its packages are as installed, by link where the disk allows. */
function copyFor(user: number): void {
  const entries = readdirSync(ROOT).filter((name) => !NOT_COPIED.has(name));
  execFileSync('cp', ['-a', ...entries.map((name) => join(ROOT, name)), folder]);
  execFileSync('chown', ['-R', `${user}:${user}`, folder]);
  try {
    execFileSync('cp', ['-al', join(ROOT, 'node_modules'), folder], { stdio: 'ignore' });
  } catch {
    execFileSync('cp', ['-a', join(ROOT, 'node_modules'), folder]);
  }
  chmodSync(folder, 0o755);
}

it.runIf(asRoot)('npm start works for an ordinary user too', { timeout: 240_000 }, async () => {
  copyFor(USER);
  const args = ['scripts/start.mjs', '--once', '--port', String(await freePort())];
  const env = { PATH: process.env.PATH, HOME: folder };
  const options = { cwd: folder, uid: USER, gid: USER, env, timeout: 200_000 };
  const { stdout } = await promisify(execFile)(process.execPath, args, options);
  expect(stdout).toMatch(/rye-bread\.txt\s+text\s.*completed/);
  expect(stdout).not.toContain('failed');
});
