import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/kernel/ids.js';
import { ExplainService } from '../../src/tasks/explain.service.js';
import { TaskControlService } from '../../src/tasks/task-control.service.js';
import { Transport, transportKey } from '../../src/transport/transport.js';
import { freshEnvironment, scope, startSubmitter, startWorker, type TestApp } from '../support/apps.js';
import { eventually, transports, type TestDatabase } from '../support/stack.js';
import { startRedis } from '../support/redis-server.js';
import { closeGate } from '../support/test-tasks.js';

const SLOTS = 2;
const WINDOW = 64;
const FAR_MS = 3_600_000;
const patience = { timeoutMs: 20_000, everyMs: 100 };

const explain = (app: TestApp, id: string) => app.get(ExplainService).explain(scope, id);
const codes = async (app: TestApp, id: string) =>
  (await explain(app, id)).reasons.map(({ code }) => code as string);
/** The explanation, once it names this reason. */
const told = (app: TestApp, id: string, code: string) =>
  eventually(async () => {
    const explanation = await explain(app, id);
    const reason = explanation.reasons.find((each) => each.code === code);
    if (!reason) throw new Error(`no ${code}: ${JSON.stringify(explanation.reasons)}`);
    return { ...explanation, reason };
  }, patience);

describe.each(transports())('why a task is not done, on %s', (kind) => {
  let database: TestDatabase;
  let app: TestApp;
  let opened: Array<() => void> = [];

  beforeAll(async () => {
    ({ database } = await freshEnvironment(kind, { WORKER_BATCH_SIZE: `${SLOTS}` }));
    app = await startWorker();
  });

  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  afterEach(() => {
    for (const open of opened) open();
    opened = [];
  });

  /** Closed until it is opened, at the latest when the test is over. */
  function gate(name: string): () => void {
    const open = closeGate(name);
    opened.push(open);
    return open;
  }

  const sql = (text: string, ...values: unknown[]) => app.database.query(text, ...values);

  it('a time in the future, until it comes', async () => {
    const id = await app.submit({}, { delay_ms: FAR_MS });
    const { reason } = await told(app, id, 'schedule.run_at');
    expect(reason.until).toBe((await app.task(id))?.run_at);
    await sql('UPDATE tasks SET run_at = now() WHERE id = $1::uuid', id);
    await told(app, id, 'final.completed');
  });

  it('a pause of the queue, until it is over', async () => {
    await sql(`UPDATE queues SET paused = true WHERE name = 'default'`);
    const id = await app.submit();
    const { reason, position } = await told(app, id, 'queue.paused');
    expect(reason.next_step).toContain('/api/queue/queues/default/resume');
    expect(position).toMatchObject({ place: 1, among: 'tenant' });
    await sql(`UPDATE queues SET paused = false WHERE name = 'default'`);
    await told(app, id, 'final.completed');
  });

  it("a pause of the tenant's own, until it is over", async () => {
    await sql(`INSERT INTO tenant_queues (tenant_id, queue, paused) VALUES ('default', 'default', true)`);
    const id = await app.submit();
    await told(app, id, 'queue.paused_for_tenant');
    await sql('DELETE FROM tenant_queues');
    await told(app, id, 'final.completed');
  });

  it('a back-off after an error, with the error, until the next attempt', async () => {
    const id = await app.submit({ does: 'throw' }, { backoff: { base_ms: FAR_MS } });
    const { reason } = await told(app, id, 'retry.backoff');
    expect(reason.detail).toMatch(/Attempt 2 of 3 begins in .*, after handler.failed: /);
    await sql('UPDATE tasks SET run_at = now() WHERE id = $1::uuid', id);
    await told(app, id, 'final.completed');
  });

  it('a service that asked for a pause', async () => {
    const id = await app.submit({ does: 'later', ms: FAR_MS });
    const { reason } = await told(app, id, 'retry.throttled');
    expect(reason.detail).toContain('storage.unavailable');
  });

  it('a snooze', async () => {
    const id = await app.submit({ does: 'snooze', ms: FAR_MS });
    await told(app, id, 'snooze');
  });

  it('another task, until that is done', async () => {
    const parent = await app.submit({}, { delay_ms: FAR_MS });
    const id = await app.submit({}, { depends_on: [parent] });
    const { reason } = await told(app, id, 'dependency.waiting');
    expect(reason.detail).toContain(`${parent} (test.scripted), which is scheduled`);
    await sql('UPDATE tasks SET run_at = now() WHERE id = $1::uuid', parent);
    await told(app, id, 'final.completed');
  });

  it('its concurrency key, held by another until that ends', async () => {
    const open = gate('key');
    const concurrency = { key: 'k', limit: 1 };
    const holder = await app.submit({ does: 'gate', gate: 'key' }, { concurrency });
    await told(app, holder, 'running');
    const id = await app.submit({}, { concurrency });
    expect((await told(app, id, 'concurrency.full')).reason.detail).toContain(holder);
    open();
    await told(app, id, 'final.completed');
  });

  it('its rate key, empty until there is a token', async () => {
    const rate = { key: 'r', limit: 1, period_ms: FAR_MS };
    await app.settled(await app.submit({}, { rate }));
    const id = await app.submit({}, { rate });
    const { reason } = await told(app, id, 'rate.limited');
    expect(Date.parse(reason.until ?? '')).toBeGreaterThan(performance.timeOrigin + performance.now());
    await sql('DELETE FROM rate_buckets');
    await told(app, id, 'final.completed');
  });

  it("its tenant's limit, until one of its tasks ends", async () => {
    await sql(`UPDATE tenants SET max_concurrency = 1 WHERE id = 'default'`);
    const open = gate('tenant');
    await told(app, await app.submit({ does: 'gate', gate: 'tenant' }), 'running');
    const id = await app.submit();
    await told(app, id, 'tenant.limited');
    open();
    await told(app, id, 'final.completed');
    await sql(`UPDATE tenants SET max_concurrency = NULL WHERE id = 'default'`);
  });

  it('a handler at work, then one that does not stop when asked and completes all the same', async () => {
    const open = gate('work');
    const id = await app.submit({ does: 'gate', gate: 'work' }, { timeout_ms: 60_000 });
    const { reason } = await told(app, id, 'running');
    const task = await app.task(id);
    expect(reason.detail).toContain(task?.worker_id);
    expect(Date.parse(reason.until ?? '') - Date.parse(reason.since ?? '')).toBe(60_000);
    await sql(`UPDATE tasks SET deadline_at = now() + interval '10 minutes' WHERE id = $1::uuid`, id);
    await told(app, id, 'deadline.near');
    await sql(`UPDATE tasks SET started_at = now() - interval '61 seconds' WHERE id = $1::uuid`, id);
    await told(app, id, 'attempt.overdue');
    await sql('UPDATE tasks SET started_at = now(), deadline_at = NULL WHERE id = $1::uuid', id);
    await app.get(TaskControlService).cancel(scope, id);
    expect((await codes(app, id))[0]).toBe('cancel.requested');
    open();
    await told(app, id, 'final.completed');
  });

  it('an end: why it failed, and how to run it again', async () => {
    const rejected = await told(app, await app.submit({ does: 'reject' }), 'failed.permanent');
    expect(rejected.summary).toContain('document.corrupt: the script says so');
    const exhausted = await app.submit({ does: 'throw', times: 9 }, { max_attempts: 1 });
    const { reason } = await told(app, exhausted, 'failed.exhausted');
    expect(reason.next_step).toContain(`/api/tasks/${exhausted}/retry`);
  });

  it('slots that are all taken, a full window, and a place in the line, until there is room', async () => {
    const open = gate('slots');
    const holders = Array.from({ length: SLOTS }, () => app.submit({ does: 'gate', gate: 'slots' }));
    for (const id of await Promise.all(holders)) await told(app, id, 'running');
    const crowd = await Promise.all(Array.from({ length: WINDOW }, () => app.submit()));
    const last = await app.submit({}, { priority: 0 });
    const inWindow = await told(app, crowd[9], 'workers.busy');
    const words = `All ${SLOTS} slots of the live workers are taken, of this tenant by ${SLOTS} x test.scripted`;
    expect(inWindow.reason.detail).toBe(words);
    expect(inWindow.position).toMatchObject({ among: 'window', window_size: WINDOW });
    const { reasons } = await told(app, last, 'window.full');
    expect(reasons.map(({ code }) => code)).toContain('workers.busy');

    // The transport loses one that waits there: it is told, and put right.
    const lost = crowd[20];
    const age = (seconds: number) =>
      sql(
        `UPDATE tasks SET queued_at = now() - make_interval(secs => $2) WHERE id = $1::uuid`,
        lost,
        seconds,
      );
    await eventually(async () => {
      await age(2); // from 5 s on it is put right, which on a slow machine may be before anybody looks
      const { epoch } = await rowOf(app, lost);
      await app.get(Transport).remove('default', [transportKey(lost, epoch)]);
      return (await codes(app, lost)).includes('transport.unaware');
    }, patience);
    await age(9);
    await eventually(async () => !(await codes(app, lost)).includes('transport.unaware'), patience);
    open();
    await eventually(async () => !(await codes(app, last)).includes('window.full'), patience);
  });
});

describe('why a task is not done where nobody works', () => {
  let database: TestDatabase;
  let app: TestApp;

  beforeAll(async () => {
    ({ database } = await freshEnvironment('postgres', { MAX_QUEUE_SIZE: '3' }));
    app = await startSubmitter();
  });

  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  const employ = (types: string[], status: string) =>
    app.database.query(
      `INSERT INTO workers (incarnation, name, kind, host, pid, version, queues, types, concurrency, status, last_seen_at)
       VALUES ($1::uuid, 'w', 'pool', 'h', 1, '0', '{default}', $2::text[], 4, $3, now() + interval '1 hour')`,
      newId(),
      types,
      status,
    );

  it('no worker; workers that shut down; that do not know the type; then nothing but its turn', async () => {
    const id = await app.submit({}, { expires_at: new Date(inMs(600_000)).toISOString() });
    expect(await codes(app, id)).toEqual(['workers.none', 'expires.near']);
    await employ(['test.scripted'], 'draining');
    expect(await codes(app, id)).toContain('workers.draining');
    await employ(['other.type'], 'running');
    expect(await codes(app, id)).toContain('workers.type_unknown');
    await employ(['test.scripted'], 'running');
    const [first] = await codes(app, id);
    expect(['queued.imminent', 'dispatch.imminent']).toContain(first);
    await app.database.query('UPDATE tasks SET crashes = 2 WHERE id = $1::uuid', id);
    await told(app, id, 'suspect.isolation');
  });

  it('a queue that takes no more', async () => {
    const ids = [await app.submit(), await app.submit()];
    await told(app, ids[0], 'queue.full');
  });

  it('nothing to another tenant', async () => {
    const [known] = await app.get(TaskControlService).list(scope, {}, 1);
    const others = app.get(ExplainService).explain({ tenantId: 'other' }, known.task_id);
    await expect(others).rejects.toMatchObject({
      code: 'task.not_found',
    });
  });
});

describe.runIf(transports().includes('redis'))('why a task is not done without Redis', () => {
  it('a transport that is away since then, until it is back', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'intake-explain-'));
    const redis = await startRedis({ folder });
    const { database } = await freshEnvironment('redis', { REDIS_URL: redis.url });
    const app = await startWorker();
    try {
      await app.settled(await app.submit());
      process.kill(redis.pid, 'SIGSTOP');
      const id = await app.submit();
      const { reason } = await told(app, id, 'transport.unreachable');
      expect(reason.since).not.toBeNull();
      process.kill(redis.pid, 'SIGCONT');
      await told(app, id, 'final.completed');
    } finally {
      process.kill(redis.pid, 'SIGCONT');
      await app.close();
      await redis.kill();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    }
  });
});

function inMs(ms: number): number {
  return performance.timeOrigin + performance.now() + ms;
}

async function rowOf(app: TestApp, id: string): Promise<{ epoch: number }> {
  const [row] = await app.database.query<{ epoch: number }>(
    'SELECT epoch FROM tasks WHERE id = $1::uuid',
    id,
  );
  return row;
}
