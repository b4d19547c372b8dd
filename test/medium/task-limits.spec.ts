import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Claim } from '../../src/tasks/task-rows.js';
import { inconsistencies } from '../support/consistency.js';
import { Core, newTask, newTasks } from '../support/core.js';
import { freshDatabase, type TestDatabase } from '../support/stack.js';

const DISPATCHERS = 8;
/** `LIMIT_TASKS=10000` for the long run. */
const TASKS = Number(process.env['LIMIT_TASKS'] ?? 600);
const QUEUES = ['default', 'second'];
const KEYS = 5;
const KEY_LIMIT = 3;
const TENANT_LIMIT = 12;

/** What no reader may ever see, in one snapshot of what is committed. */
const OVERSHOT = `
SELECT tenant_id || '/' || concurrency_key AS what, count(*)::int AS rows FROM tasks
WHERE status IN ('queued', 'processing') AND concurrency_key IS NOT NULL
GROUP BY tenant_id, concurrency_key HAVING count(*) > min(concurrency_limit)
UNION ALL
SELECT n.id, count(*)::int FROM tenants n JOIN tasks t ON t.tenant_id = n.id AND t.status IN ('queued', 'processing')
WHERE n.max_concurrency IS NOT NULL GROUP BY n.id, n.max_concurrency HAVING count(*) > n.max_concurrency`;
const LEFT = `SELECT count(*)::int AS left FROM tasks WHERE finished_at IS NULL`;

let server: TestDatabase;
let cores: Core[];

beforeEach(async () => {
  server = await freshDatabase();
  cores = Array.from({ length: DISPATCHERS }, () => new Core(server.url));
  await cores[0].tasks.ensureQueues(QUEUES);
});

afterEach(async () => {
  for (const core of cores) await core.close();
  await server.drop();
});

describe('eight dispatchers over two queues that share keys and a tenant', () => {
  it('never admit a row too many, and all of them run', async () => {
    const [core] = cores;
    await core.database.query(
      `INSERT INTO tenants (id, max_concurrency) VALUES ('limited', $1::int)`,
      TENANT_LIMIT,
    );
    const tasks = Array.from({ length: TASKS }, (_, at) => {
      const keyed = at % 4 < 3 ? { concurrency_key: `key-${at % KEYS}`, concurrency_limit: KEY_LIMIT } : {};
      return newTask({
        tenant_id: at % 2 === 0 ? 'limited' : 'free',
        queue: QUEUES[(at >> 1) % 2],
        ...keyed,
      });
    });
    await core.submit(tasks);
    const overshot: unknown[] = [];
    let checks = 0;
    const look = async ({ database }: Core) => {
      overshot.push(...(await database.query(OVERSHOT)));
      checks += 1;
    };
    const isDone = async ({ database }: Core) => (await database.query<{ left: number }>(LEFT))[0].left === 0;
    const work = async (own: Core, seat: number) => {
      const held: Claim[] = [];
      for (let round = seat; !(await isDone(own)); round += 1) {
        const placed = await own.dispatch(QUEUES[round % 2]);
        await look(own);
        if (placed.length > 0) held.push(...(await own.claim(placed)));
        await look(own);
        if (held.length > 0) await own.complete(held.splice(0, 1 + Math.ceil(held.length / 2)));
      }
    };
    // The fast path placed what nothing limits: somebody has to run it.
    const fast = tasks.map(({ id, queue }) => ({ id, queue, epoch: 1 }));
    const claimed: Claim[] = [];
    for (let at = 0; at < fast.length; at += 500)
      claimed.push(...(await core.claim(fast.slice(at, at + 500))));
    if (claimed.length > 0) await core.complete(claimed);
    await Promise.all(cores.map(work));
    expect(overshot).toEqual([]);
    expect(checks).toBeGreaterThan(DISPATCHERS * 4);
    expect(await inconsistencies(core.database)).toEqual({});
  }, 600_000);
});

describe('a limit', () => {
  const placedOf = async (rounds = 3) => {
    let count = 0;
    for (let round = 0; round < rounds; round += 1) count += (await cores[0].dispatch('default')).length;
    return count;
  };

  it('is of its tenant: the same key of another is another', async () => {
    const limited = { concurrency_key: 'camera', concurrency_limit: 2 };
    await cores[0].submit([
      ...newTasks(10, { tenant_id: 'one', ...limited }),
      ...newTasks(10, { tenant_id: 'two', ...limited }),
    ]);
    expect(await placedOf()).toBe(4);
  });

  it('is that of the row, when rows of one key differ', async () => {
    const rows = [5, 1, 5].map((limit, at) =>
      newTask({ concurrency_key: 'k', concurrency_limit: limit, priority: 9 - at }),
    );
    await cores[0].submit(rows);
    const first = await cores[0].dispatch('default');
    expect(first.map(({ id }) => id)).toEqual([rows[0].id, rows[2].id]);
    await cores[0].complete(await cores[0].claim(first));
    expect((await cores[0].dispatch('default')).map(({ id }) => id)).toEqual([rows[1].id]);
  });

  it('of one key holds back no row of another, nor one without a key', async () => {
    await cores[0].submit(newTasks(100, { concurrency_key: 'full', concurrency_limit: 1 }));
    expect(await placedOf()).toBe(1);
    await cores[0].submit([newTask({ concurrency_key: 'other', concurrency_limit: 1 }), ...newTasks(3)]);
    expect(await placedOf()).toBe(4);
  });

  it('holds when keys are shared by lanes of different rates', async () => {
    const lane = (rate: string) =>
      newTasks(5, {
        concurrency_key: 'k',
        concurrency_limit: 3,
        rate_key: rate,
        rate_limit: 9,
        rate_period_ms: 1_000,
      });
    await cores[0].submit([...lane('a'), ...lane('b')]);
    expect(await placedOf()).toBe(3);
  });
});

describe('a rate', () => {
  const rate = { rate_key: 'mail', rate_limit: 5, rate_period_ms: 3_600_000 };
  const dispatched = async () => (await cores[0].dispatch('default')).length;
  /** As if so many seconds had gone by. */
  const later = (seconds: number) =>
    cores[0].database.query('UPDATE rate_buckets SET full_at = full_at - $1::int', seconds);

  it('lets its limit start at once, and as many again per period, one by one', async () => {
    await cores[0].submit(newTasks(30, rate));
    expect(await dispatched()).toBe(5);
    expect(await dispatched()).toBe(0);
    await later(700);
    expect(await dispatched()).toBe(0);
    await later(20);
    expect(await dispatched()).toBe(1);
    expect(await dispatched()).toBe(0);
    await later(3_600);
    expect(await dispatched()).toBe(5);
    await later(36_000);
    expect(await dispatched()).toBe(5);
  });

  it('is of its tenant', async () => {
    await cores[0].submit([
      ...newTasks(9, { ...rate, tenant_id: 'one' }),
      ...newTasks(9, { ...rate, tenant_id: 'two' }),
    ]);
    expect(await dispatched()).toBe(10);
  });

  it('holds across queues', async () => {
    await cores[0].submit([...newTasks(9, rate), ...newTasks(9, { ...rate, queue: 'second' })]);
    const placed = await Promise.all(cores.map((core, at) => core.dispatch(QUEUES[at % 2])));
    expect(placed.flat()).toHaveLength(5);
  });
});
