import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Tx } from '../../src/database/transaction.js';
import { QueuesRepository } from '../../src/sweeps/queues.repository.js';
import { ReconcileSweep } from '../../src/sweeps/reconcile.sweep.js';
import { SweepRunner } from '../../src/sweeps/sweep-runner.js';
import { newId } from '../../src/kernel/ids.js';
import { Leases } from '../../src/tasks/leases.js';
import { TasksRepository } from '../../src/tasks/tasks.repository.js';
import { WorkerIdentity } from '../../src/tasks/worker-identity.js';
import { freshEnvironment, startWorker, type TestApp } from '../support/apps.js';
import type { TestDatabase } from '../support/stack.js';

/** Postgres' own clock, but later. */
class LaterQueues extends QueuesRepository {
  laterMs = 0;
  serverAgeMs = 3_600_000;

  override async time(tx: Tx) {
    const nowMs = (await super.time(tx)).nowMs + this.laterMs;
    return { nowMs, startedMs: nowMs - this.serverAgeMs };
  }
}

describe('a reconciler that finds a silent worker', () => {
  let database: TestDatabase;
  let app: TestApp;
  let queues: LaterQueues;
  let sweep: ReconcileSweep;

  beforeAll(async () => {
    ({ database } = await freshEnvironment('postgres', { SHUTDOWN_TIMEOUT: '0' }));
    app = await startWorker();
    await app.get(SweepRunner).beforeApplicationShutdown();
  });

  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  beforeEach(async () => {
    queues = new LaterQueues(app.database);
    sweep = new ReconcileSweep(app.database, app.get(TasksRepository), queues);
    await hold();
  });

  /** A task in the hands of a worker that was last heard of an hour ago. */
  const hold = async () => {
    await app.database.query('UPDATE queues SET paused = true');
    const id = await app.submit();
    await app.database.query(
      `UPDATE tasks SET status = 'queued', epoch = 1, queued_at = now() WHERE id = $1::uuid`,
      id,
    );
    await app.database.query('UPDATE queues SET paused = false');
    await app.get(Leases).claim({ id, queue: 'default', epoch: 1, token: newId() });
    const dead = newId();
    await app.database.query(
      `INSERT INTO workers SELECT $1::uuid, name, kind, host, pid, version, queues, types, concurrency, active, processed,
         failed, memory_bytes, status, started_at, now() - interval '1 hour' FROM workers WHERE incarnation = $2::uuid`,
      dead,
      app.get(WorkerIdentity).incarnation,
    );
    await app.database.query('UPDATE tasks SET worker_incarnation = $2::uuid WHERE id = $1::uuid', id, dead);
  };
  const pass = async (afterMs: number) => {
    queues.laterMs += afterMs;
    return (await sweep.runOnce())['lost'];
  };

  it('takes its task once it has itself looked on for a lease', async () => {
    expect([await pass(0), await pass(5_000), await pass(5_000)]).toEqual([0, 0, 0]);
    expect(await pass(5_000)).toBe(1);
  });

  it('starts to look on afresh when it was itself away: everybody may have been', async () => {
    for (const afterMs of [0, 5_000, 5_000]) await pass(afterMs);
    expect(await pass(30_000)).toBe(0);
    expect([await pass(5_000), await pass(5_000)]).toEqual([0, 0]);
    expect(await pass(5_000)).toBe(1);
  });

  it('waits for a Postgres that has just come back', async () => {
    queues.serverAgeMs = 5_000;
    for (let at = 0; at < 5; at += 1) expect(await pass(5_000)).toBe(0);
    queues.serverAgeMs = 60_000;
    expect(await pass(5_000)).toBe(1);
  });

  it('starts to look on afresh when a pass failed', async () => {
    for (const afterMs of [0, 5_000, 5_000]) await pass(afterMs);
    const transaction = app.database.transaction.bind(app.database);
    app.database.transaction = () => Promise.reject(new Error('the pass broke'));
    await expect(pass(1_000)).rejects.toThrow('the pass broke');
    app.database.transaction = transaction;
    expect(await pass(4_000)).toBe(0);
    for (const afterMs of [5_000, 5_000]) expect(await pass(afterMs)).toBe(0);
    expect(await pass(5_000)).toBe(1);
  });
});
