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
