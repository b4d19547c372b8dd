import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from '../../src/client/page.js';
import { Database } from '../../src/database/database.js';
import { newId } from '../../src/kernel/ids.js';
import type { QueueHistory, QueueStats, WorkerTotals, WorkerView } from '../../src/queue/queue.contract.js';
import type { TaskView } from '../../src/tasks/tasks.contract.js';
import { eventually, freshDatabase, redisUrl, transports, type TestDatabase } from '../support/stack.js';
import { startRedis } from '../support/redis-server.js';
import { startTasksApi } from './tasks-api.js';

type Api = Awaited<ReturnType<typeof startTasksApi>>;

async function read<T>(api: Api, path: string): Promise<T> {
  const answer = await fetch(api.url + path);
  expect(answer.status, path).toBe(200);
  return (await answer.json()) as T;
}

async function submit(api: Api, payload: object, options: object = {}): Promise<string> {
  const body = JSON.stringify({ type: 'acts.perform', payload, ...options });
  const answer = await fetch(`${api.url}/api/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  expect(answer.status).toBe(202);
  return ((await answer.json()) as { task_id: string }).task_id;
}

const settled = (api: Api, id: string) =>
  eventually(async () => {
    const task = await read<TaskView>(api, `/api/queue/status/${id}`);
    return task.finished_at === null ? null : task;
  });

describe.each(transports())('queue routes on %s', (kind) => {
  let server: TestDatabase;
  let api: Api;

  beforeAll(async () => {
    server = await freshDatabase();
    const redis: Record<string, string> = kind === 'redis' ? { REDIS_URL: await redisUrl() } : {};
    api = await startTasksApi({ DATABASE_URL: server.url, ...redis }, 'machine1');
  });

  afterAll(async () => {
    await api.close();
    await server.drop();
  });

  it('tell of a queue that nothing ever entered', async () => {
    const { queues, total } = await read<QueueStats>(api, '/api/queue/stats');
    expect(queues).toHaveLength(1);
    expect(queues[0]).toEqual({ ...total, name: 'acts' });
    expect(total).toMatchObject({
      name: 'total',
      queued_tasks: 0,
      total_completed: 0,
      oldest_age_seconds: null,
      throughput_per_minute: 0,
      failure_rate: 0,
      wait_p95_ms: null,
      paused: false,
      workers: 1,
      transport: { kind, window_used: 0, window_size: 64 },
    });
    expect(total.transport.memory_bytes).toBeGreaterThan(0);
  });

  it('count what ended, how fast and how well', async () => {
    const ids = await Promise.all(['echo', 'echo', 'echo', 'refuse'].map((act) => submit(api, { act })));
    const statuses = await Promise.all(ids.map(async (id) => (await settled(api, id)).status));
    expect(statuses.toSorted()).toEqual(['completed', 'completed', 'completed', 'failed']);

    const { total } = await read<QueueStats>(api, '/api/queue/stats?queue=acts&window=10');
    expect(total).toMatchObject({
      total_completed: 3,
      total_failed: 1,
      dead_letter_tasks: 1,
      processing_tasks: 0,
      throughput_per_minute: 0.4,
      failure_rate: 0.25,
    });
    expect(total.run_p95_ms).toBeGreaterThan(0);
    expect(total.wait_p95_ms).toBeGreaterThan(0);
  });

  it('tell what happened, step by step, and it is what the totals say', async () => {
    const history = await read<QueueHistory>(api, '/api/queue/history?queue=acts&step=5m');
    expect(history).toMatchObject({ queue: 'acts', step_seconds: 300 });
    expect(history.data).toHaveLength(60);
    const { total } = await read<QueueStats>(api, '/api/queue/stats?queue=acts');
    const sum = (key: 'completed' | 'failed') => history.data.reduce((n, point) => n + point[key], 0);
    expect([sum('completed'), sum('failed')]).toEqual([total.total_completed, total.total_failed]);
    expect(history.data.at(-1)).toMatchObject({ depth: 0, processing: 0 });
    expect(history.data.some(({ run_p95_ms }) => run_p95_ms !== null)).toBe(true);
    const odd = await fetch(`${api.url}/api/queue/history?step=90`);
    expect(await odd.json()).toMatchObject({ status: 422, errors: [{ path: 'step' }] });
  });

  it('pause a queue and let it go on, and name those that can be', async () => {
    const turn = async (name: string, to: string) =>
      fetch(`${api.url}/api/queue/queues/${name}/${to}`, { method: 'POST' });
    const paused = await turn('acts', 'pause');
    expect(paused.status).toBe(200);
    expect(await paused.json()).toMatchObject({ name: 'acts', paused: true, window_size: 64, workers: 1 });
    const id = await submit(api, { act: 'echo' });
    expect(await read(api, '/api/queue/queues')).toMatchObject({
      data: [{ name: 'acts', paused: true, paused_at: expect.any(String) as string }],
      next_cursor: null,
    });
    expect(await (await turn('acts', 'resume')).json()).toMatchObject({ paused: false, paused_at: null });
    expect((await settled(api, id)).status).toBe('completed');
    const unknown = await turn('nonsense', 'pause');
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({
      code: 'queue.unknown',
      detail: 'There is no queue nonsense; there are acts',
    });
  });

  it('refuse a queue that does not exist and name those that do', async () => {
    const answer = await fetch(`${api.url}/api/queue/stats?queue=nonesuch`);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({
      code: 'queue.unknown',
      detail: expect.stringContaining('acts'),
    });
  });

  it('show a worker with what it runs, until it is done', async () => {
    const id = await submit(api, { act: 'hold' });
    const busy = await eventually(async () => {
      const worker = await read<WorkerView>(api, '/api/queue/workers/machine1');
      return worker.active === 1 && worker.current_tasks.includes(id) ? worker : null;
    });
    expect(busy).toMatchObject({
      status: 'busy',
      worker_id: 'machine1',
      kind: 'pool',
      queues: ['acts'],
      capabilities: ['acts.perform'],
      slots: 8,
      active: 1,
      current_tasks: [id],
    });
    expect(await read<WorkerTotals>(api, '/api/queue/workers/stats')).toMatchObject({
      total: 1,
      busy: 1,
      slots: 8,
      busy_slots: 1,
    });
    await fetch(`${api.url}/api/tasks/${id}/cancel`, { method: 'POST' });
    expect((await settled(api, id)).status).toBe('cancelled');
    await eventually(
      async () => (await read<WorkerView>(api, '/api/queue/workers/machine1')).status === 'idle',
    );
  });

  it('tell workers of one name apart, and give the name to the one that lives', async () => {
    const database = api.app.get(Database);
    const twin = newId();
    const workers = async () => (await read<{ data: WorkerView[] }>(api, '/api/queue/workers')).data;
    await database.query(
      `INSERT INTO workers (incarnation, name, kind, host, pid, version, queues, types, concurrency, status)
       SELECT $1::uuid, name, kind, host, pid, version, queues, types, concurrency, 'running' FROM workers LIMIT 1`,
      twin,
    );
    const twinId = `machine1~${twin.slice(-6)}`;
    const ids = (await workers()).map(({ worker_id }) => worker_id);
    expect(ids).toEqual([twinId, `machine1~${api.incarnation.slice(-6)}`]);
    const first = await read<Page<WorkerView>>(api, '/api/queue/workers?limit=1');
    expect(first.data.map(({ worker_id }) => worker_id)).toEqual(ids.slice(0, 1));
    const rest = await read<Page<WorkerView>>(api, `/api/queue/workers?limit=1&cursor=${first.next_cursor}`);
    expect(rest).toMatchObject({ data: [{ worker_id: ids[1] }], next_cursor: null });
    expect((await read<WorkerView>(api, `/api/queue/workers/${twinId}`)).status).toBe('idle');

    await database.query(
      `UPDATE workers SET last_seen_at = now() - interval '13 seconds' WHERE incarnation = $1::uuid`,
      twin,
    );
    expect((await workers()).map(({ worker_id, status }) => [worker_id, status])).toEqual([
      [twinId, 'lost'],
      ['machine1', 'idle'],
    ]);
    expect((await read<QueueStats>(api, '/api/queue/stats')).total.workers).toBe(1);
    expect(await read<WorkerTotals>(api, '/api/queue/workers/stats')).toMatchObject({
      total: 2,
      lost: 1,
      slots: 8,
    });

    const drain = await fetch(`${api.url}/api/queue/workers/${twinId}/drain`, { method: 'POST' });
    expect(await drain.json()).toMatchObject({ status: 409, code: 'worker.lost' });

    await database.query(`UPDATE workers SET status = 'stopped' WHERE incarnation = $1::uuid`, twin);
    expect(await workers()).toHaveLength(1);
    const gone = await fetch(`${api.url}/api/queue/workers/${twin}`);
    expect(await gone.json()).toMatchObject({ status: 404, code: 'worker.not_found' });
  });
});

describe.runIf(transports().includes('redis'))('queue stats without a transport', () => {
  it('answer within two seconds, with nulls for what cannot be known', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'intake-queue-'));
    const [server, redis] = [await freshDatabase(), await startRedis({ folder })];
    const api = await startTasksApi({ DATABASE_URL: server.url, REDIS_URL: redis.url });
    try {
      await eventually(
        async () => (await read<QueueStats>(api, '/api/queue/stats')).total.transport.window_used === 0,
      );
      process.kill(redis.pid, 'SIGSTOP');
      const startMs = performance.now();
      const { total } = await read<QueueStats>(api, '/api/queue/stats');
      expect(performance.now() - startMs).toBeLessThan(2_000);
      expect(total.transport).toEqual({
        kind: 'redis',
        memory_bytes: null,
        keys: null,
        window_used: null,
        window_size: 64,
      });
      expect(total.workers).toBe(0);
    } finally {
      process.kill(redis.pid, 'SIGCONT');
      await api.close();
      await redis.kill();
      await server.drop();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
