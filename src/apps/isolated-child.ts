import { fork, type ChildProcess } from 'node:child_process';
import type { Delivery } from '../transport/transport.js';
import { workerEntry } from './worker-entry.js';

const START_TIMEOUT_MS = 60_000;

/** What the child says: which incarnation it is, once; then after each suspect that it is done. */
export type IsolatedMessage = { ready: string } | { done: true };

/** A child process that runs suspects, seen from its parent. */
export class IsolatedChild {
  readonly ended: Promise<void>;
  incarnation = '';
  isAlive = true;

  private constructor(private readonly process: ChildProcess) {
    this.ended = new Promise((resolve) => {
      // A process that could not even start says `error` and no `exit`.
      for (const event of ['exit', 'error']) process.once(event, () => resolve());
    });
    void this.ended.then(() => (this.isAlive = false));
  }

  /** @throws Error when it ends before it is ready */
  static async start(): Promise<IsolatedChild> {
    const child = new IsolatedChild(
      fork(workerEntry(), ['--isolated'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
    );
    const timer = setTimeout(() => child.process.kill('SIGKILL'), START_TIMEOUT_MS);
    const word = await child.nextWord();
    clearTimeout(timer);
    if (!word || !('ready' in word)) throw new Error('the isolated process did not start');
    child.incarnation = word.ready;
    return child;
  }

  /** @returns false when the process died meanwhile */
  async run(delivery: Delivery): Promise<boolean> {
    const word = this.nextWord();
    // A channel that is gone is told to the callback; the end of the process answers for both.
    this.process.send(delivery, () => undefined);
    return (await word) !== null;
  }

  /** It gives back what it runs, and ends. */
  sendHome(): void {
    if (this.process.connected) this.process.disconnect();
  }

  private nextWord(): Promise<IsolatedMessage | null> {
    return new Promise((resolve) => {
      this.process.once('message', (word) => resolve(word as IsolatedMessage));
      void this.ended.then(() => resolve(null));
    });
  }
}
