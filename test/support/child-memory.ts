import { readFileSync } from 'node:fs';
import { residentBytes } from '../../src/sandbox/resident-memory.js';
import type { Sandbox } from '../../src/sandbox/sandbox.js';

/**
 * Looks at a sandbox's children again and again.
 * @returns what ends the watch and tells the most memory that any child had at any look, in bytes
 */
export function watchChildren(sandbox: Sandbox): () => Promise<number> {
  let mostBytes = 0;
  const look = async () => {
    for (const pid of sandbox.pids) mostBytes = Math.max(mostBytes, await residentBytes(pid));
  };
  const timer = setInterval(() => void look(), 10);
  return async () => {
    clearInterval(timer);
    await look();
    return mostBytes;
  };
}

/** Of a process and its children, in bytes. Linux only. */
export async function treeBytes(pid: number): Promise<number> {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  const pids = [pid, ...children.map(Number)];
  const sizes = await Promise.all(pids.map(async (each) => residentBytes(each)));
  return sizes.reduce((sum, size) => sum + size, 0);
}
