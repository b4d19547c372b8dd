import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

interface Lock {
  packages: Record<
    string,
    { version: string; resolved?: string; os?: string[]; cpu?: string[]; libc?: string[] }
  >;
}

describe('package-lock.json', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'intake-lock-'));
    mkdirSync(join(folder, 'scripts'));
    cpSync('scripts/complete-lock.mjs', join(folder, 'scripts/complete-lock.mjs'));
    cpSync('scripts/setup', join(folder, 'scripts/setup'), { recursive: true });
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const read = () => JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as Lock;
  const write = (lock: Lock) => writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
  const complete = (...args: string[]) => {
    const { status, stdout } = spawnSync(process.execPath, [
      join(folder, 'scripts/complete-lock.mjs'),
      ...args,
    ]);
    return { status, output: stdout.toString() };
  };

  it('describes the packages of every platform and names no server', () => {
    // A failure prints what is missing and the command that adds it.
    expect(execFileSync(process.execPath, ['scripts/complete-lock.mjs', '--check']).toString()).toBe('');
  });

  it('belongs to this package.json', () => {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(
      readFileSync('package.json', 'utf8'),
    ) as Record<string, object>;
    const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock;
    expect(lock.packages['']).toMatchObject({ dependencies, devDependencies, optionalDependencies });
  });

  it('is completed by our script when another platform is missing, and freed of addresses', () => {
    const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock;
    const whole = structuredClone(lock.packages['node_modules/@oxlint/binding-linux-x64-musl']);
    delete lock.packages['node_modules/@oxlint/binding-linux-x64-musl'];
    Object.assign(lock.packages['node_modules/zod'] ?? {}, { resolved: 'https://example.org/zod.tgz' });
    write(lock);

    const checked = complete('--check');
    expect(checked.status).toBe(1);
    expect(checked.output).toContain('@oxlint/binding-linux-x64-musl');
    expect(checked.output).toContain('Run: node scripts/complete-lock.mjs');

    expect(complete().status).toBe(0);
    expect(complete('--check')).toEqual({ status: 0, output: '' });
    expect(read().packages['node_modules/@oxlint/binding-linux-x64-musl']).toMatchObject({
      version: whole?.version,
      os: ['linux'],
      cpu: ['x64'],
      libc: ['musl'],
    });
    expect(read().packages['node_modules/zod']).not.toHaveProperty('resolved');
  });
});
