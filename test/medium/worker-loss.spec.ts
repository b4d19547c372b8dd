import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../src/kernel/ids.js';
import { Burst } from '../../src/tasks/burst.js';
import { Heartbeat, LEASE_MS } from '../../src/tasks/heartbeat.js';
import { TaskControlService } from '../../src/tasks/task-control.service.js';
import { TasksRepository } from '../../src/tasks/tasks.repository.js';
import { WorkerIdentity } from '../../src/tasks/worker-identity.js';
import { freshEnvironment, scope, startSubmitter, startWorker, type TestApp } from '../support/apps.js';
import { inconsistencies } from '../support/consistency.js';
import { eventually, type TestDatabase } from '../support/stack.js';
import { closeGate } from '../support/test-tasks.js';
import { TestWorker } from '../support/test-worker.js';

const PATIENT = { timeoutMs: 60_000 };

describe('a worker', () => {
  let database: TestDatabase;
  let variables: Record<string, string>;
  let submitter: TestApp;
  let apps: TestApp[];

  beforeEach(async () => {
    const many = { SHUTDOWN_TIMEOUT: '0', WORKER_BATCH_SIZE: '400' };
    ({ database, variables } = await freshEnvironment('postgres', many));
    submitter = await startSubmitter();
    apps = [submitter];
  });

  afterEach(async () => {
    const found = await inconsistencies(submitter.database);
    for (const app of apps.toReversed()) await app.close();
    await database.drop();
    delete process.env['WORKER_BATCH_SIZE'];
    expect(found).toEqual({});
  });

  const worker = async () => {
    const app = await startWorker();
    apps.push(app);
    return app;
  };
  const count = async (status: string) => {
    const [row] = await submitter.database.query<{ n: number }>(
      'SELECT count(*)::int AS n FROM tasks WHERE status = $1',
      status,
    );
    return row?.n;
  };
  /** Gives running tasks to a process of which Postgres knows what the test says. */
  const handOver = async (ids: readonly string[], row: { status: string; kind: string } | null) => {
    const incarnation = newId();
    if (row) {
      await submitter.database.query(
        `INSERT INTO workers (incarnation, name, kind, host, pid, version, queues, types, concurrency, status, last_seen_at)
         VALUES ($1::uuid, 'gone', $2, 'there', 1, '0', '{}', '{}', 1, $3, now() - interval '1 minute')`,
        incarnation,
        row.kind,
        row.status,
      );
    }
    await submitter.database.query(
      'UPDATE tasks SET worker_incarnation = $2::uuid WHERE id = ANY($1::uuid[])',
      ids,
      incarnation,
    );
  };

  it('hears within a beat that hundreds of its tasks were cancelled', async () => {
    await worker();
    const ids = await Promise.all(
      Array.from({ length: 300 }, () => submitter.submit({ does: 'sleep', ms: 600_000 })),
    );
    await eventually(async () => (await count('processing')) === 300, PATIENT);
    await submitter.database.transaction((tx) => submitter.get(TasksRepository).cancel(tx, ids));
    await eventually(async () => (await count('cancelled')) === 300, PATIENT);
  }, 120_000);

  it('that is silent, unknown or signed off loses its tasks once, however many look for them', async () => {
    await worker();
    const open = closeGate('held');
    const ids = await Promise.all(
      Array.from({ length: 40 }, () => submitter.submit({ does: 'gate', gate: 'held' })),
    );
    await eventually(async () => (await count('processing')) === 40, PATIENT);
    const [silent, unknown, signedOff, kept] = [0, 10, 20, 30].map((from) => ids.slice(from, from + 10));
    // Nobody takes them again before the test has looked.
    await submitter.database.query('UPDATE queues SET paused = true');
    await handOver(silent, { status: 'running', kind: 'pool' });
    await handOver(unknown, null);
    await handOver(signedOff, { status: 'stopped', kind: 'pool' });
    const sweep = () =>
      submitter.database.transaction((tx) => submitter.get(TasksRepository).lose(tx, LEASE_MS / 1_000, 15));
    for (let round = 0; round < 4; round += 1) await Promise.all([sweep(), sweep(), sweep(), sweep()]);
    const histories = async (some: readonly string[]) => {
      const all = await Promise.all(some.map((id) => submitter.history(id)));
      return [...new Set(all.map((kinds) => kinds.filter((kind) => /lost|forgotten/.test(kind)).join()))];
    };
    const crashes = async (some: readonly string[]) =>
      new Set(await Promise.all(some.map(async (id) => (await submitter.task(id)).crashes)));
    expect([await histories(signedOff), await crashes(signedOff)]).toEqual([['forgotten'], new Set([0])]);
    for (const some of [silent, unknown]) {
      expect(await crashes(some)).toEqual(new Set([1]));
      expect((await histories(some)).every((kinds) => kinds.startsWith('lost'))).toBe(true);
    }
    expect(await histories(kept)).toEqual(['']);
    open();
    await eventually(async () => (await count('processing')) === 0, PATIENT);
    await submitter.database.query('UPDATE queues SET paused = false');
    await eventually(async () => (await count('completed')) === 40, PATIENT);
  }, 120_000);

  it('whose row is gone is there again with its next beat, and is told there to drain', async () => {
    const { incarnation } = (await worker()).get(WorkerIdentity);
    const statuses = () =>
      submitter.database.query('SELECT status FROM workers WHERE incarnation = $1::uuid', incarnation);
    await submitter.database.query('DELETE FROM workers');
    await eventually(async () => (await statuses()).length === 1, PATIENT);
    await submitter.database.query(`UPDATE workers SET status = 'lost', drain_requested_at = now()`);
    await apps[1].get(Heartbeat).drainAsked;
    expect(await statuses()).toEqual([{ status: 'running' }]);
  });

  it('in a burst does not wait for a queue that is paused', async () => {
    const app = await worker();
    await submitter.database.query('UPDATE queues SET paused = true');
    const id = await submitter.submit();
    expect(await app.get(Burst).over()).toEqual({ failed: 0 });
    expect((await submitter.task(id)).status).toBe('pending');
  });

  it('whose handler does not stop gives back what runs beside it, and ends', async () => {
    const stuck = await TestWorker.start(variables);
    const deaf = await submitter.submit(
      { does: 'ignore_stop', ms: 600_000 },
      { timeout_ms: 100, max_attempts: 1 },
    );
    const beside = await submitter.submit({ does: 'sleep', ms: 600_000 });
    await stuck.ended;
    expect(stuck.process.exitCode).toBe(70);
    expect(await submitter.task(deaf)).toMatchObject({ status: 'failed', reason: 'timeout' });
    expect(await submitter.task(beside)).toMatchObject({ attempts: 0, crashes: 0 });
    expect(await submitter.history(beside)).toContain('interrupted');
    await submitter.get(TaskControlService).cancel(scope, beside);
  }, 120_000);
});
