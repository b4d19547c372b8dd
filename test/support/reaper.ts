import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

/** A process that outlives a killed test run by just long enough to end its servers. */
export class Reaper {
  private readonly child = spawn(process.execPath, [fileURLToPath(new URL('reaper.mjs', import.meta.url))], {
    stdio: ['pipe', 'ignore', 'inherit'],
    // A group of its own: Ctrl-C in the terminal must not end it before its work is done.
    detached: true,
  });

  constructor() {
    // Waiting for its turn must not keep the test run alive.
    this.child.unref();
    (this.child.stdin as Socket).unref();
  }

  watch(target: { pid: number } | { mount: string } | { folder: string }): void {
    this.child.stdin.write(`${JSON.stringify(target)}\n`);
  }

  /** Ends what is watched and waits until it is gone. */
  async reap(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.stdin.end();
    await exited;
  }
}
