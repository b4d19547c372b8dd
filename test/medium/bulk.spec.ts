import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigModule } from '../../src/config/config.module.js';
import { DatabaseModule } from '../../src/database/database.module.js';
import { newId } from '../../src/kernel/ids.js';
import type { TaskStatus } from '../../src/kernel/task-status.js';
import { OperationRunner } from '../../src/operations/operation-runner.js';
import { OperationsService } from '../../src/operations/operations.service.js';
import { BulkModule } from '../../src/queue/bulk.module.js';
import { BulkService } from '../../src/queue/bulk.service.js';
import { TasksRepository } from '../../src/tasks/tasks.repository.js';
import { TelemetryModule } from '../../src/telemetry/telemetry.module.js';
import {
  freshEnvironment,
  scope,
  start,
  startSubmitter,
  startWorker,
  type TestApp,
} from '../support/apps.js';
import { inconsistencies } from '../support/consistency.js';
import { insertPast } from '../support/past-tasks.js';
import { eventually, transports, type TestDatabase, type TransportKind } from '../support/stack.js';
import { TestWorker } from '../support/test-worker.js';

const WAIT = { timeoutMs: 45_000 };

/** Sees everything and moves nothing: no sweep runs here. */
const startWatcher = () =>
  start({ module: class Watcher {}, imports: [ConfigModule, TelemetryModule, DatabaseModule, BulkModule] });

let database: TestDatabase;
let variables: Record<string, string>;
let app: TestApp;

const bulk = () => app.get(BulkService);
const operation = (id: string) => app.get(OperationsService).get(scope, id);
const ended = (id: string) =>
  eventually(async () => {
    const now = await operation(id);
    return now.status === 'running' ? null : now;
  }, WAIT);

async function counts(ids: readonly string[]): Promise<Partial<Record<TaskStatus, number>>> {
  const rows = await app.database.query<{ status: TaskStatus; n: number }>(
    'SELECT status, count(*)::int AS n FROM tasks WHERE id = ANY($1::uuid[]) GROUP BY 1',
    ids,
  );
  return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
}

async function replay(filter: object, rate_per_second?: number): Promise<string> {
  const once = await bulk().replay(scope, { filter, rate_per_second, dry_run: false });
  return once.answer.operation_id;
}

async function begin(transport: TransportKind): Promise<void> {
  ({ database, variables } = await freshEnvironment(transport, { ALLOW_FLUSH: 'true' }));
  app = await startSubmitter();
}

async function end(): Promise<void> {
  const found = await inconsistencies(app.database);
  await app.close();
  await database.drop();
  expect(found).toEqual({});
}

describe('many tasks at once', () => {
  beforeAll(() => begin('postgres'));
  afterAll(end);

  it('replays a thousand at a rate, although a worker dies in the middle', async () => {
    const chosen = await insertPast(app.database, { count: 1_000, status: 'failed', fingerprint: 'f1' });
    const others = await insertPast(app.database, { count: 20, status: 'failed', fingerprint: 'f2' });
    await app.get(TasksRepository).ensureQueues(['default']);
    await app.database.query('UPDATE queues SET paused = true');
    const id = await replay({ fingerprint: 'f1' }, 400);
    await app.close();
    app = await startWatcher();
    const first = await TestWorker.start(variables);
    await eventually(async () => (await operation(id)).done >= 100, WAIT);
    await first.kill('SIGKILL');
    await app.close();
    app = await startSubmitter();
    const { done, skipped, created_at, finished_at, status } = await ended(id);
    expect({ done, skipped, status }).toEqual({ done: 1_000, skipped: 0, status: 'completed' });
    const tookS = (Date.parse(finished_at ?? '') - Date.parse(created_at)) / 1_000;
    expect(done).toBeLessThanOrEqual(400 * (tookS + 1) + 1);
    const [row] = await app.database.query<{ events: number; tasks: number; ours: boolean }>(
      `SELECT count(*)::int AS events, count(DISTINCT task_id)::int AS tasks,
         bool_and(detail->>'operation_id' = $2) AS ours
       FROM task_events WHERE kind = 'replayed' AND task_id = ANY($1::uuid[])`,
      chosen,
      id,
    );
    expect(row).toEqual({ events: 1_000, tasks: 1_000, ours: true });
    expect(await counts(chosen)).toEqual({ pending: 1_000 });
    expect(await counts(others)).toEqual({ failed: 20 });
    await app.database.query('UPDATE queues SET paused = false');
    await bulk().flush(scope, { confirm: true });
  });

  it('leaves alone what failed after the call, and stops when asked', async () => {
    const before = await insertPast(app.database, { count: 30, status: 'failed', tag: 'late' });
    const id = await replay({ tag: 'late' }, 10);
    const after = await insertPast(app.database, { count: 5, status: 'failed', tag: 'late' });
    await eventually(async () => (await operation(id)).done > 0, WAIT);
    const { status, done } = await app.get(OperationsService).cancel(scope, id);
    expect(status).toBe('cancelled');
    expect(await app.get(OperationRunner).step(id)).toBe(false);
    expect((await counts(before))['failed']).toBe(30 - done);
    const rest = await ended(await replay({ ids: [...before, ...after] }));
    expect(rest.done).toBe(35 - done);
    await bulk().flush(scope, { confirm: true });
  });

  it('skips whose unique key lives elsewhere, and says which', async () => {
    const live = await app.submit({}, { unique_key: 'taken', delay_ms: 600_000 });
    const [taken] = await insertPast(app.database, { count: 1, status: 'failed', uniqueKey: 'taken' });
    const [older, newer] = [
      await insertPast(app.database, { count: 1, status: 'failed', uniqueKey: 'twice' }),
      await insertPast(app.database, { count: 1, status: 'failed', uniqueKey: 'twice' }),
    ];
    const ids = [taken, ...older, ...newer];
    const { done, skips } = await ended(await replay({ ids }));
    expect(done).toBe(1);
    const reason = 'another live task holds its unique_key';
    expect(skips.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual(
      [taken, ...older].toSorted().map((id) => ({ id, reason })),
    );
    expect(await counts([taken, ...older])).toEqual({ failed: 2 });
    const cleared = await bulk().cancel(scope, { filter: { ids: [live, ...newer] }, dry_run: false });
    expect(await ended(cleared.answer.operation_id)).toMatchObject({ done: 2 });
  });

  it('changes nothing in a dry run', async () => {
    await insertPast(app.database, { count: 7, status: 'failed', fingerprint: 'dry' });
    const look = () =>
      app.database.query(
        `SELECT md5(string_agg(t::text, '' ORDER BY id)), (SELECT count(*)::int FROM operations) AS operations FROM tasks t`,
      );
    const before = await look();
    const preview = await bulk().preview(scope, 'failed', { fingerprint: 'dry' });
    expect(preview).toMatchObject({
      dry_run: true,
      matched: 7,
      by_status: { failed: 7 },
      by_fingerprint: [
        { fingerprint: 'dry', count: 7, error_code: 'document.corrupt', type: 'test.scripted' },
      ],
    });
    expect(await bulk().preview(scope, 'live', { all: true })).toMatchObject({ by_fingerprint: [] });
    expect(await look()).toEqual(before);
  });

  it('discards what nothing needs any more', async () => {
    const batchId = newId();
    await app.database.query(
      `INSERT INTO batches (id, tenant_id, total, remaining) VALUES ($1::uuid, 'default', 2, 1)`,
      batchId,
    );
    const free = await insertPast(app.database, { count: 450, status: 'failed', fingerprint: 'gone' });
    const held = await insertPast(app.database, { count: 1, status: 'failed', fingerprint: 'gone', batchId });
    const live = await app.submit({}, { delay_ms: 600_000 });
    await app.database.query('UPDATE tasks SET batch_id = $2::uuid WHERE id = $1::uuid', live, batchId);
    const discard = async () => {
      const once = await bulk().discard(scope, { filter: { fingerprint: 'gone' }, dry_run: false });
      return ended(once.answer.operation_id);
    };
    expect(await discard()).toMatchObject({ total: 451, done: 450, skipped: 1, skips: [{ id: held[0] }] });
    expect(await counts([...free, ...held])).toEqual({ failed: 1 });
    const cancelled = await bulk().cancel(scope, { filter: { ids: [live] }, dry_run: false });
    await ended(cancelled.answer.operation_id);
    expect(await discard()).toMatchObject({ done: 1, skipped: 0 });
    const [left] = await app.database.query<{ n: number }>(
      `SELECT (SELECT count(*)::int FROM task_attempts WHERE task_id = ANY($1::uuid[]))
         + (SELECT count(*)::int FROM task_events WHERE task_id = ANY($1::uuid[])) AS n`,
      [...free, ...held],
    );
    expect(left?.n).toBe(0);
  });

  it('flushes one queue or all, and cleans up by age', async () => {
    await app.submit({}, { delay_ms: 600_000 });
    expect(await bulk().flush(scope, { queue: 'documents', confirm: true })).toMatchObject({ cancelled: 0 });
    expect((await bulk().flush(scope, { confirm: true })).cancelled).toBeGreaterThan(0);
    const old = await insertPast(app.database, { count: 450, status: 'completed', hoursAgo: 49 });
    const dead = await insertPast(app.database, { count: 3, status: 'failed', hoursAgo: 49 });
    const young = await insertPast(app.database, { count: 4, status: 'completed', hoursAgo: 47 });
    const cleanUp = (include_failed: boolean) =>
      bulk().cleanUp(scope, { older_than_hours: 48, include_failed });
    expect(await cleanUp(false)).toMatchObject({ removed: 450, status: 'completed' });
    expect(await counts([...old, ...dead, ...young])).toEqual({ failed: 3, completed: 4 });
    expect(await cleanUp(true)).toMatchObject({ removed: 3 });
    expect(await cleanUp(true)).toMatchObject({ removed: 0 });
  });
});

describe.each(transports())('tasks in the hands of workers, on %s', (transport) => {
  beforeAll(() => begin(transport));
  afterAll(end);

  it('are cancelled in bulk whatever their status, and what was replayed runs', async () => {
    const worker = await startWorker();
    const running = await app.submit({ does: 'sleep', ms: 600_000 }, { tags: ['bulk'] });
    await eventually(async () => (await app.task(running)).status === 'processing', WAIT);
    await app.database.query('UPDATE queues SET paused = true');
    const waiting = [running];
    for (const request of [{}, { delay_ms: 600_000 }])
      for (let at = 0; at < 60; at += 1) waiting.push(await app.submit({}, { tags: ['bulk'], ...request }));
    const kept = await app.submit({}, { delay_ms: 600_000 });
    expect(await bulk().preview(scope, 'live', { tag: 'bulk' })).toMatchObject({ matched: 121 });
    const once = await bulk().cancel(scope, { filter: { tag: 'bulk' }, dry_run: false });
    expect(await ended(once.answer.operation_id)).toMatchObject({ total: 121, done: 121, skipped: 0 });
    await eventually(async () => (await counts(waiting)).cancelled === 121, WAIT);
    expect((await app.task(kept)).status).toBe('scheduled');

    await app.database.query('UPDATE queues SET paused = false');
    const dead = await insertPast(app.database, { count: 60, status: 'failed', fingerprint: 'again' });
    expect(await ended(await replay({ fingerprint: 'again' }))).toMatchObject({ done: 60 });
    await eventually(async () => (await counts(dead)).completed === 60, WAIT);
    await worker.close();
  });
});
