import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FileKind } from './pipeline-files.js';

const BUILT = new URL('../support/built.mjs', import.meta.url).href;
const PROGRAM = fileURLToPath(new URL('engine.child.ts', import.meta.url));

/**
 * The engines as somebody would use them who needs nothing else: a process per core, each with its models loaded, and
 * files handed out one by one.
 * @returns seconds for all files but the first ones, with which the processes warm up
 */
export async function runEngine(
  kind: FileKind,
  folder: string,
  names: readonly string[],
  warmUp: number,
): Promise<number> {
  const children = await Promise.all(Array.from({ length: availableParallelism() }, () => start(kind)));
  try {
    const paths = names.map((name) => join(folder, name));
    for (const child of children) await workOff([child], paths.slice(0, warmUp));
    const begunMs = performance.now();
    await workOff(children, paths.slice(warmUp));
    return (performance.now() - begunMs) / 1_000;
  } finally {
    for (const child of children) child.kill();
  }
}

async function start(kind: FileKind): Promise<ChildProcess> {
  const child = fork(PROGRAM, [kind], { execArgv: ['--import', BUILT] });
  await answer(child);
  return child;
}

async function workOff(children: readonly ChildProcess[], paths: readonly string[]): Promise<void> {
  const next = paths.values();
  const worker = async (child: ChildProcess) => {
    for (const path of next) {
      child.send(path);
      await answer(child);
    }
  };
  await Promise.all(children.map(worker));
}

/** @throws Error when it ends instead */
async function answer(child: ChildProcess): Promise<void> {
  const called = new AbortController();
  const ended = once(child, 'exit', { signal: called.signal }).then(([code]) => {
    throw new Error(`an engine's process ended with ${code}`);
  });
  try {
    await Promise.race([once(child, 'message', { signal: called.signal }), ended]);
  } finally {
    called.abort();
    ended.catch(() => undefined);
  }
}
