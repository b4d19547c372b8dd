import { beforeAll, describe, expect, it } from 'vitest';
import { Config } from '../../src/config/config.js';
import { newId } from '../../src/kernel/ids.js';
import type { Json } from '../../src/kernel/json.js';
import { RetentionSweep } from '../../src/sweeps/retention.sweep.js';
import { OperationsRetentionSweep } from '../../src/operations/operations-retention.sweep.js';
import { TaskControlService } from '../../src/tasks/task-control.service.js';
import { TaskRetentionRepository } from '../../src/tasks/task-retention.repository.js';
import { TasksRepository } from '../../src/tasks/tasks.repository.js';
import { TasksService } from '../../src/tasks/tasks.service.js';
import { scope, startSubmitter, startWorker, type TestApp } from '../support/apps.js';
import { ownApp } from '../support/own-app.js';
import { insertPast } from '../support/past-tasks.js';
import { eventually } from '../support/stack.js';

describe('what is over', () => {
  let app: TestApp;
  let sweep: RetentionSweep;
  const left = async (ids: readonly string[]) => {
    const [row] = await app.database.query<{ n: number }>(
      'SELECT count(*)::int AS n FROM tasks WHERE id = ANY($1::uuid[])',
      ids,
    );
    return row?.n;
  };
  /** Until they are gone: the sweep that the process runs by itself may be at it just now. */
  const sweepUntilGone = (ids: readonly string[]) =>
    eventually(
      async () => {
        await sweep.runOnce();
        return (await left(ids)) === 0;
      },
      { timeoutMs: 30_000 },
    );
  const age = (id: string, hours: number) =>
    app.database.query(
      'UPDATE tasks SET finished_at = now() - make_interval(hours => $2::int) WHERE id = $1::uuid',
      id,
      hours,
    );
  const finish = async (id: string) => {
    await app.get(TaskControlService).cancel(scope, id);
    await age(id, 25);
  };
  const depthOf = async (status: string) => {
    const [row] = await app.database.query<{ n: number }>(
      `SELECT coalesce(sum(amount), 0)::int AS n FROM (
         SELECT metric, amount FROM stats WHERE minute = '-infinity'
         UNION ALL SELECT metric, amount FROM stats_deltas) AS c WHERE metric = $1`,
      status,
    );
    return row?.n;
  };

  beforeAll(async () => {
    const own = await ownApp('postgres', startSubmitter, { RESULT_TTL: '7200' });
    app = own.app;
    sweep = app.get(RetentionSweep);
    return own.end;
  });

  it('leaves when its time has come: done work after a day, dead letters after a month', async () => {
    const gone = [
      ...(await insertPast(app.database, { count: 5, status: 'completed', hoursAgo: 25 })),
      ...(await insertPast(app.database, { count: 5, status: 'cancelled', hoursAgo: 25 })),
      ...(await insertPast(app.database, { count: 5, status: 'failed', hoursAgo: 31 * 24 })),
    ];
    const kept = [
      ...(await insertPast(app.database, { count: 5, status: 'completed', hoursAgo: 23 })),
      ...(await insertPast(app.database, { count: 5, status: 'failed', hoursAgo: 29 * 24 })),
    ];
    await sweepUntilGone(gone);
    await sweep.runOnce();
    expect(await left(kept)).toBe(10);
  });

  it('waits for the rest of its batch, and takes the batch along', async () => {
    const requests = [{ delay_ms: 600_000 }, { delay_ms: 600_000 }].map((request) => ({
      type: 'test.scripted',
      payload: {} as Json,
      ...request,
    }));
    const { answer } = await app.get(TasksService).submitBatch(scope, { tasks: requests });
    const [first, second] = answer.task_ids;
    await finish(first);
    await sweep.runOnce();
    expect(await left(answer.task_ids)).toBe(2);
    await finish(second);
    await sweepUntilGone(answer.task_ids);
    await expect(app.get(TaskControlService).batch(scope, answer.batch_id)).rejects.toMatchObject({
      code: 'batch.not_found',
    });
  });

  it('waits for whoever depends on it', async () => {
    const parent = await app.submit({}, { delay_ms: 600_000 });
    const child = await app.submit(
      {},
      { depends_on: [parent], on_dependency_failure: 'ignore', delay_ms: 600_000 },
    );
    await finish(parent);
    await eventually(async () => (await app.task(child)).status === 'scheduled');
    await sweep.runOnce();
    expect(await left([parent, child])).toBe(2);
    await app.get(TaskControlService).cancel(scope, child);
    await sweepUntilGone([parent]);
    expect((await app.task(child)).status).toBe('cancelled');
  });

  it('loses its result earlier, where that is wanted', async () => {
    const [old] = await insertPast(app.database, {
      count: 1,
      status: 'completed',
      hoursAgo: 3,
      result: true,
    });
    const [young] = await insertPast(app.database, {
      count: 1,
      status: 'completed',
      hoursAgo: 1,
      result: true,
    });
    // One that has not yet seen that far back.
    const [tasks, retention] = [app.get(TasksRepository), app.get(TaskRetentionRepository)];
    const fresh = new RetentionSweep(app.database, tasks, retention, app.get(Config));
    await eventually(async () => {
      await fresh.runOnce();
      return (await app.task(old)).result === null;
    });
    expect((await app.task(young)).result).toEqual({ made: true });
  });

  it('takes old keys, operations and workers along', async () => {
    const tables = async () => {
      const [row] = await app.database.query(
        `SELECT (SELECT count(*)::int FROM idempotency_keys) AS keys, (SELECT count(*)::int FROM operations) AS operations,
           (SELECT count(*)::int FROM workers) AS workers`,
      );
      return row;
    };
    for (const hours of [23, 25]) {
      await app.database.query(
        `INSERT INTO idempotency_keys (tenant_id, key, request_hash, created_at)
         VALUES ('default', $1, '', now() - make_interval(hours => $2::int))`,
        `k${hours}`,
        hours,
      );
    }
    for (const days of [29, 31]) {
      await app.database.query(
        `INSERT INTO operations (id, tenant_id, kind, input, status, finished_at)
         VALUES ($1::uuid, 'default', 'none', '{}', 'completed', now() - make_interval(days => $2::int))`,
        newId(),
        days,
      );
    }
    for (const days of [1, 61]) {
      await app.database.query(
        `INSERT INTO workers (incarnation, name, kind, host, pid, version, queues, types, concurrency, status, last_seen_at)
         VALUES ($1::uuid, 'w', 'pool', 'h', 1, '0', '{}', '{}', 1, 'lost', now() - make_interval(days => $2::int))`,
        newId(),
        days,
      );
    }
    await eventually(async () => {
      await sweep.runOnce();
      await app.get(OperationsRetentionSweep).runOnce();
      expect(await tables()).toEqual({ keys: 1, operations: 1, workers: 1 });
      return true;
    });
  });

  it('leaves in small transactions while work goes on, and the counters stay exact', async () => {
    const worker = await startWorker();
    for (let at = 0; at < 4; at += 1)
      await insertPast(app.database, {
        count: 5_000,
        status: at % 2 ? 'completed' : 'cancelled',
        hoursAgo: 30,
      });
    const sizes: number[] = [];
    const retention = app.get(TaskRetentionRepository);
    const purge = retention.purgeFinished.bind(retention);
    retention.purgeFinished = async (...call) => {
      const step = await purge(...call);
      sizes.push(step.removed);
      return step;
    };
    const purged = new AbortController();
    const ids: string[] = [];
    const work = (async () => {
      while (!purged.signal.aborted) ids.push(await app.submit());
    })();
    const old = async () => {
      const [row] = await app.database.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM tasks WHERE finished_at < now() - interval '24 hours' AND status <> 'failed'`,
      );
      return row?.n;
    };
    await eventually(
      async () => {
        await sweep.runOnce();
        return (await old()) === 0;
      },
      { timeoutMs: 45_000 },
    );
    purged.abort();
    await work;
    retention.purgeFinished = purge;
    expect(Math.max(...sizes)).toBe(500);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThanOrEqual(20_000);
    await eventually(async () => (await depthOf('depth.queued')) === 0, { timeoutMs: 30_000 });
    await Promise.all(ids.map((id) => app.settled(id, 30_000)));
    expect(ids.length).toBeGreaterThan(0);
    const [row] = await app.database.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM tasks WHERE status = 'completed'`,
    );
    expect(await depthOf('depth.completed')).toBe(row?.n);
    await worker.close();
  }, 120_000);
});
