import { afterEach, expect, it } from 'vitest';
import { builtEntry } from './built-entry.js';
import { RequestThread } from './request-thread.js';

type Request = { echo?: unknown; hang?: true; fail?: string; exit?: true };

/** A thread of a few lines: echoes, never answers, throws, or dies, as it is asked. */
const ENTRY = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { serveRequests } from ${JSON.stringify(builtEntry(import.meta.url, './request-thread.js').href)};
    let cancelled = 0;
    serveRequests(async ({ echo, hang, fail, exit }, signal) => {
      if (exit) process.exit(3);
      if (fail) throw new RangeError(fail);
      if (hang) await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error(\`\${cancelled++}\`))));
      return { reply: echo === 'cancelled' ? cancelled : echo };
    });
  `)}`,
);

const threads: RequestThread<Request, unknown>[] = [];

function newThread(): RequestThread<Request, unknown> {
  const thread = new RequestThread<Request, unknown>(ENTRY);
  threads.push(thread);
  return thread;
}

afterEach(() => Promise.all(threads.splice(0).map((thread) => thread.close())));

it('answers each request with its own reply, while another one waits', async () => {
  const thread = newThread();
  const hanging = expect(thread.request({ hang: true })).rejects.toThrow('the thread ended');
  expect(await Promise.all([1, 2, 3].map((echo) => thread.request({ echo })))).toEqual([1, 2, 3]);
  await thread.close();
  await hanging;
});

it('passes on what the handler throws', async () => {
  await expect(newThread().request({ fail: 'too far' })).rejects.toThrow(RangeError('too far'));
});

it('rejects what waits when the thread dies, and starts another for the next request', async () => {
  const thread = newThread();
  const waiting = expect(thread.request({ hang: true })).rejects.toThrow('the thread ended');
  await expect(thread.request({ exit: true })).rejects.toThrow('the thread ended');
  await waiting;
  expect(await thread.request({ echo: 'back' })).toBe('back');
});

it('rejects an aborted request at once and tells the handler', async () => {
  const thread = newThread();
  const controller = new AbortController();
  const aborted = expect(thread.request({ hang: true }, controller.signal)).rejects.toThrow('not wanted');
  controller.abort(new Error('not wanted'));
  await aborted;
  expect(await thread.request({ echo: 'cancelled' })).toBe(1);
  await expect(thread.request({ echo: 1 }, controller.signal)).rejects.toThrow('not wanted');
});

it('refuses requests once it is closed', async () => {
  const thread = newThread();
  await thread.close();
  await expect(thread.request({ echo: 1 })).rejects.toThrow('the thread is closed');
});
