import { execFile, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { builtEntry } from '../kernel/built-entry.js';
import { Fault } from '../kernel/fault.js';
import type { SandboxJob } from './sandbox-job.js';
import { DEFAULT_SANDBOX_OPTIONS, Sandbox, type SandboxOptions } from './sandbox.js';

const MIB = 1024 ** 2;
const LIMITS = { timeoutMs: 10_000, memoryBytes: 300 * MIB };

const JOBS = `
import { Fault } from '${builtEntry(import.meta.url, '../kernel/fault.js').href}';
let kept = [];
export const echo = async (input) => ({ input, pid: process.pid, at: new Map([['one', new Uint8Array([1])]]) });
export const surroundings = () => ({ environment: { ...process.env }, folder: process.cwd() });
export const loop = () => { for (;;); };
export const eatBuffers = () => { for (;;) kept.push(Buffer.alloc(8e6, 1)); };
export const eatHeap = () => { for (;;) kept.push(new Array(1e5).fill(kept.length)); };
export const keep = (bytes) => { kept = Buffer.alloc(bytes, 1); return process.pid; };
export const die = () => process.abort();
export const refuse = () => { throw new Fault('document.encrypted', 'Needs a password.', { internal: 'RC4', extensions: { hint: 1 } }); };
export const stumble = () => { throw new TypeError('x is not a function'); };
export const talk = (length) => 'x'.repeat(length);
export const answerThenLoop = () => { setTimeout(() => { for (;;); }, 0); return process.pid; };
export const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms, process.pid));
`;

const folder = mkdtempSync(join(tmpdir(), 'sandbox-spec-'));
const entry = pathToFileURL(join(folder, 'jobs.mjs'));
const opened: Sandbox[] = [];

beforeAll(() => writeFile(join(folder, 'jobs.mjs'), JOBS));
afterEach(() => opened.splice(0).forEach((sandbox) => sandbox.onApplicationShutdown()));
afterAll(() => rm(folder, { recursive: true }));

function open(options: Partial<SandboxOptions> = {}): Sandbox {
  const sandbox = new Sandbox({ ...DEFAULT_SANDBOX_OPTIONS, size: 1, ...options });
  opened.push(sandbox);
  return sandbox;
}

const job = <In, Out>(name: string): SandboxJob<In, Out> => ({ entry, name });
const pidOf = job<number, number>('wait');
const endless = job<null, never>('loop');

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

it('starts no child before the first job, then carries structured values both ways', async () => {
  const sandbox = open();
  expect(sandbox.pids).toEqual([]);
  const out = await sandbox.run(
    job<unknown, { input: unknown; at: Map<string, Uint8Array> }>('echo'),
    { deep: [1n] },
    LIMITS,
  );
  expect(out.input).toEqual({ deep: [1n] });
  expect(out.at.get('one')).toEqual(new Uint8Array([1]));
  expect(sandbox.pids).toHaveLength(1);
});

it('uses a warm child again and replaces it after its share of jobs', async () => {
  const sandbox = open({ maxJobs: 2 });
  const pids = [];
  for (let at = 0; at < 4; at += 1) pids.push(await sandbox.run(pidOf, 0, LIMITS));
  expect(pids[1]).toBe(pids[0]);
  expect(pids[2]).not.toBe(pids[0]);
  expect(pids[3]).toBe(pids[2]);
});

it('runs no more children than its size and keeps the rest in line', async () => {
  const sandbox = open({ size: 2 });
  const pids = await Promise.all(Array.from({ length: 6 }, () => sandbox.run(pidOf, 20, LIMITS)));
  expect(new Set(pids).size).toBe(2);
});

it('kills a job that loops, and the next job runs', async () => {
  const sandbox = open();
  const running = sandbox.run(endless, null, { ...LIMITS, timeoutMs: 500 });
  await vi.waitUntil(() => sandbox.pids[0]);
  const [pid] = sandbox.pids;
  await expect(running).rejects.toMatchObject({ code: 'sandbox.timeout', retryable: false });
  expect(alive(pid)).toBe(false);
  expect(await sandbox.run(pidOf, 0, LIMITS)).not.toBe(pid);
});

it.each(['eatBuffers', 'eatHeap'])('kills a job that %s beyond its memory', async (name) => {
  const sandbox = open();
  const running = sandbox.run(job(name), null, { ...LIMITS, memoryBytes: 150 * MIB });
  await expect(running).rejects.toMatchObject({ code: 'sandbox.out_of_memory', retryable: false });
  await expect(sandbox.run(pidOf, 0, LIMITS)).resolves.toBeTypeOf('number');
});

it('reports the death of a child as a crash worth another try', async () => {
  const crash = open().run(job('die'), null, LIMITS);
  await expect(crash).rejects.toMatchObject({ code: 'sandbox.crashed', retryable: true });
});

it('carries a Fault out with its code and both texts, and any other error as an error', async () => {
  const sandbox = open();
  const fault = await sandbox.run(job('refuse'), null, LIMITS).catch((error: unknown) => error);
  expect(Fault.is(fault, 'document.encrypted')).toBe(true);
  expect(fault).toMatchObject({
    detail: 'Needs a password.',
    options: { internal: 'RC4', extensions: { hint: 1 } },
  });
  await expect(sandbox.run(job('stumble'), null, LIMITS)).rejects.toThrow(/TypeError: x is not a function/);
  await expect(sandbox.run(job('absent'), null, LIMITS)).rejects.toThrow(/exports no absent/);
});

it('hands a child no secret and no folder of ours', async () => {
  vi.stubEnv('DATABASE_URL', 'postgres://secret');
  const seen = await open().run(
    job<null, { environment: object; folder: string }>('surroundings'),
    null,
    LIMITS,
  );
  vi.unstubAllEnvs();
  expect(Object.keys(seen.environment)).not.toContain('DATABASE_URL');
  expect(seen.folder).toBe(tmpdir());
});

it('refuses an outcome that is too large', async () => {
  const sandbox = open();
  const talk = job<number, string>('talk');
  await expect(sandbox.run(talk, 2_000, { ...LIMITS, resultBytes: 1_000 })).rejects.toMatchObject({
    code: 'sandbox.result_too_large',
  });
  expect(await sandbox.run(talk, 900, { ...LIMITS, resultBytes: 1_000 })).toHaveLength(900);
});

it('aborts a running job by killing it, and a waiting one by taking it out of the line', async () => {
  const sandbox = open();
  const [first, second] = [new AbortController(), new AbortController()];
  const running = sandbox.run(endless, null, { ...LIMITS, signal: first.signal });
  const waiting = sandbox.run(pidOf, 0, { ...LIMITS, signal: second.signal });
  second.abort(new Error('no longer wanted'));
  await expect(waiting).rejects.toThrow('no longer wanted');
  const [pid] = sandbox.pids;
  first.abort(new Error('cancelled'));
  await expect(running).rejects.toThrow('cancelled');
  expect(alive(pid)).toBe(false);
  expect(await sandbox.run(pidOf, 0, LIMITS)).toBeTypeOf('number');
});

it('holds its limits over what a job leaves behind', async () => {
  const sandbox = open();
  const left = await sandbox.run(job<null, number>('answerThenLoop'), null, { ...LIMITS, timeoutMs: 700 });
  expect(await sandbox.run(pidOf, 0, LIMITS)).not.toBe(left);
  expect(alive(left)).toBe(false);
});

it('never uses a child again whose job failed', async () => {
  const sandbox = open();
  const first = await sandbox.run(pidOf, 0, LIMITS);
  await expect(sandbox.run(job('refuse'), null, LIMITS)).rejects.toThrow(Fault);
  expect(await sandbox.run(pidOf, 0, LIMITS)).not.toBe(first);
});

it('replaces a child whose memory stays high, and ends one that has nothing to do', async () => {
  const sandbox = open({ restingBytes: 150 * MIB, idleMs: 200 });
  const fat = await sandbox.run(job<number, number>('keep'), 150 * MIB, LIMITS);
  expect(await sandbox.run(pidOf, 0, LIMITS)).not.toBe(fat);
  await vi.waitUntil(() => sandbox.pids.length === 0, { timeout: 5_000 });
});

it('gives a job of another heap size a child of its own, in the place of an idle one', async () => {
  const sandbox = open();
  const small = await sandbox.run(pidOf, 0, LIMITS);
  const large = await sandbox.run(pidOf, 0, { ...LIMITS, memoryBytes: 400 * MIB });
  expect(large).not.toBe(small);
  expect(sandbox.pids).toEqual([large]);
});

it('ends every job when it is shut down', async () => {
  const sandbox = open();
  const jobs = [sandbox.run(endless, null, LIMITS), sandbox.run(pidOf, 0, LIMITS)];
  const ends = Promise.allSettled(jobs);
  await vi.waitUntil(() => sandbox.pids.length === 1);
  sandbox.onApplicationShutdown();
  expect((await ends).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await vi.waitUntil(() => sandbox.pids.length === 0);
  await expect(sandbox.run(pidOf, 0, LIMITS)).rejects.toMatchObject({ code: 'sandbox.crashed' });
});

const OWNER = (main: string) => `
import { DEFAULT_SANDBOX_OPTIONS, Sandbox } from '${builtEntry(import.meta.url, './sandbox.js').href}';
const sandbox = new Sandbox({ ...DEFAULT_SANDBOX_OPTIONS, size: 1 });
const run = (name) => sandbox.run({ entry: new URL('${entry.href}'), name }, null, { timeoutMs: 60000, memoryBytes: 3e8 });
${main}`;

it.skipIf(process.platform === 'win32')(
  'leaves no child behind a killed parent, even one that loops',
  async () => {
    const script = OWNER(`await run('echo'); console.log(sandbox.pids[0]); run('loop');`);
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = await new Promise<number>((resolve) =>
      parent.stdout.once('data', (text) => resolve(Number(text))),
    );
    expect(alive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await vi.waitUntil(() => !alive(pid), { timeout: 8_000 });
  },
);

it('does not keep a process alive that has no job left', async () => {
  const script = OWNER(`await run('echo'); console.log('done');`);
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    timeout: 10_000,
  });
  expect(stdout).toBe('done\n');
});
