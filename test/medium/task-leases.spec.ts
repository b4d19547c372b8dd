import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LEASE_MS, SELF_DOUBT_MS } from '../../src/tasks/heartbeat.js';
import { taskStuck } from '../../src/tasks/task-telemetry.js';
import { TasksRepository } from '../../src/tasks/tasks.repository.js';
import { WorkerIdentity } from '../../src/tasks/worker-identity.js';
import { Wire } from '../support/wire.js';
import { freshEnvironment, startSubmitter, startWorker, type TestApp } from '../support/apps.js';
import { inconsistencies } from '../support/consistency.js';
import { eventually, transports, type TestDatabase } from '../support/stack.js';
import { closeGate, refused, timesRan } from '../support/test-tasks.js';

describe.each(transports())('a lease on %s', (transport) => {
  let database: TestDatabase;
  let submitter: TestApp;
  let apps: TestApp[];

  beforeEach(async () => {
    ({ database } = await freshEnvironment(transport, { SHUTDOWN_TIMEOUT: '1' }));
    submitter = await startSubmitter();
    apps = [submitter];
  });

  afterEach(async () => {
    const found = await inconsistencies(submitter.database);
    for (const app of apps.toReversed()) await app.close();
    await database.drop();
    expect(found).toEqual({});
  });

  const worker = async () => {
    const app = await startWorker();
    apps.push(app);
    return app;
  };
  /** What the reconciler does about a worker that is silent for a lease. */
  const bury = async (app: TestApp) => {
    await submitter.database.query(
      `UPDATE workers SET last_seen_at = now() - interval '1 minute' WHERE incarnation = $1::uuid`,
      app.get(WorkerIdentity).incarnation,
    );
    return submitter.database.transaction((tx) =>
      submitter.get(TasksRepository).lose(tx, LEASE_MS / 1_000, 500),
    );
  };

  it('that was lost refuses the effects and the result of the run that held it, and keeps the next one', async () => {
    const frozen = await worker();
    const open = closeGate('frozen');
    const id = await submitter.submit({ does: 'gate', gate: 'frozen', value: 'mine' });
    await submitter.running(id);
    expect(await bury(frozen)).toMatchObject([{ id, status: 'pending' }]);
    await worker();
    expect(await submitter.settled(id)).toMatchObject({ status: 'completed', crashes: 1, attempts: 1 });
    open();
    await eventually(async () => (await submitter.history(id)).includes('late_result_refused'));
    expect(refused.filter(({ taskId }) => taskId === id)).toMatchObject([{ error: { code: 'lease.lost' } }]);
    const effects = await submitter.database.query(`SELECT id FROM task_events WHERE kind = 'test_effect'`);
    expect(effects).toEqual([]);
    expect(timesRan(id)).toBe(2);
    expect((await submitter.history(id)).filter((event) => event === 'completed')).toHaveLength(1);
  });

  it('cannot be proven: the worker interrupts its own work before anybody takes it, and takes none', async () => {
    if (transport === 'postgres') return; // There the transport shares the heartbeat's way.
    const wire = await Wire.to(Number(new URL(database.url).port));
    process.env['DATABASE_DIRECT_URL'] = wire.through(database.url);
    await worker();
    delete process.env['DATABASE_DIRECT_URL'];
    const long = await submitter.submit({ does: 'sleep', ms: 20_000, value: 'long' });
    await submitter.running(long);
    wire.cut();
    await eventually(async () => (await submitter.history(long)).includes('interrupted'), {
      timeoutMs: SELF_DOUBT_MS + 3_000,
    });
    const next = await submitter.submit();
    await eventually(async () => (await submitter.history(next)).includes('redispatched'), {
      timeoutMs: 15_000,
    });
    expect(await submitter.task(long)).toMatchObject({ attempts: 0, crashes: 0, status: 'queued' });
    expect(await submitter.task(next)).toMatchObject({ attempts: 0, crashes: 0, status: 'queued' });
    wire.mend();
    expect(await submitter.settled(next, 20_000)).toMatchObject({ status: 'completed', crashes: 0 });
    await wire.close();
  });

  it('in doubt stops effects that Postgres does not answer: the handler is not taken for one that does not stop', async () => {
    if (transport === 'postgres') return;
    let stuck = 0;
    const unsubscribe = taskStuck.subscribe(() => (stuck += 1));
    const wire = await Wire.to(Number(new URL(database.url).port));
    process.env['DATABASE_URL'] = wire.through(database.url);
    await worker();
    const open = closeGate('silence');
    const id = await submitter.submit({ does: 'gate', gate: 'silence', value: 'here' });
    await submitter.running(id);
    wire.cut();
    open();
    await eventually(() => refused.some(({ taskId }) => taskId === id), {
      timeoutMs: SELF_DOUBT_MS + 20_000,
    });
    wire.mend();
    expect(await submitter.settled(id, 40_000)).toMatchObject({ status: 'completed', result: 'here' });
    expect(stuck).toBe(0);
    unsubscribe();
    await wire.close();
  });
});
