import { afterEach, expect, it } from 'vitest';
import { builtEntry } from './built-entry.js';
import { RequestThreads } from './request-threads.js';

type Request = 'hang' | 'exit' | 'who';

/** Answers who it is, never answers, or dies. */
const ENTRY = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { threadId } from 'node:worker_threads';
    import { serveRequests } from ${JSON.stringify(builtEntry(import.meta.url, './request-thread.js').href)};
    serveRequests(async (request) => {
      if (request === 'exit') process.exit(3);
      if (request === 'hang') await new Promise((resolve) => setTimeout(resolve, 2 ** 30));
      return { reply: threadId };
    });
  `)}`,
);

const pools: RequestThreads<Request, number>[] = [];

function newPool(size: number): RequestThreads<Request, number> {
  const pool = new RequestThreads<Request, number>(ENTRY, size);
  pools.push(pool);
  return pool;
}

/** A request that is answered by nothing but the end of its thread. */
function hang(pool: RequestThreads<Request, number>): Promise<string> {
  return pool.request('hang').then(
    () => 'answered',
    (error: Error) => error.message,
  );
}

afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.close())));

it('starts no second thread while the first has nothing to do', async () => {
  const pool = newPool(3);
  expect(await pool.request('who')).toBe(await pool.request('who'));
});

it('asks a thread that is free while others are busy, and shares when none is', async () => {
  const pool = newPool(2);
  const first = await pool.request('who');
  const hanging = [hang(pool)];
  const second = await pool.request('who');
  expect(second).not.toBe(first);
  hanging.push(hang(pool));
  expect([first, second]).toContain(await pool.request('who'));
  await pool.close();
  expect(await Promise.all(hanging)).toEqual(Array(2).fill('the thread ended with code 1'));
});

it('loses only what a dying thread had, and goes on', async () => {
  const pool = newPool(1);
  await expect(pool.request('exit')).rejects.toThrow('the thread ended with code 3');
  expect(await pool.request('who')).toBeGreaterThan(0);
});

it('takes nothing once it is closed', async () => {
  const pool = newPool(2);
  await pool.close();
  await expect(pool.request('who')).rejects.toThrow('closed');
});
