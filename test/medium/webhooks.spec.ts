import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Dialer, NameResolver } from '../../src/http/outbound-ports.js';
import { newId } from '../../src/kernel/ids.js';
import { TaskControlService } from '../../src/tasks/task-control.service.js';
import { TaskEnds } from '../../src/tasks/task-ends.js';
import { TasksService } from '../../src/tasks/tasks.service.js';
import { Metrics } from '../../src/telemetry/metrics.registry.js';
import { DeliveriesRepository } from '../../src/webhooks/deliveries.repository.js';
import { DeliverSweep } from '../../src/webhooks/deliver.sweep.js';
import { WebhookSecrets } from '../../src/webhooks/webhook-secrets.js';
import { WebhooksService } from '../../src/webhooks/webhooks.service.js';
import { freshEnvironment, scope, startSubmitter, startWorker, type TestApp } from '../support/apps.js';
import { LoopbackDialer, ScriptedResolver } from '../support/outbound-ports.js';
import { freePort } from '../support/free-port.js';
import { Receiver, isSigned } from '../support/receiver.js';
import { eventually, type TestDatabase } from '../support/stack.js';

const PATIENT = { timeoutMs: 30_000 };

describe('webhooks', () => {
  let app: TestApp;
  let database: TestDatabase;
  let receiver: Receiver;
  let path: string;
  let resolver: ScriptedResolver;
  let dialer: LoopbackDialer;

  beforeAll(async () => {
    ({ database } = await freshEnvironment('postgres'));
    app = await startWorker();
    receiver = await Receiver.start();
    resolver = new ScriptedResolver({ 'rebinding.example': [['93.184.216.34'], ['10.0.0.5']] });
    dialer = new LoopbackDialer({ '93.184.216.34': receiver.port });
    vi.spyOn(app.get(NameResolver), 'resolve').mockImplementation((host) => resolver.resolve(host));
    vi.spyOn(app.get(Dialer), 'dial').mockImplementation((...call) => dialer.dial(...call));
  });

  afterAll(async () => {
    await app?.close();
    await receiver?.stop();
    await database?.drop();
  });

  beforeEach(() => {
    path = `/${newId()}`;
  });

  const call = (request: Record<string, unknown> = {}, payload = {}) =>
    app.submit(payload, { callback_url: receiver.url(path), ...request });
  const webhooks = () => app.get(WebhooksService);
  const deliveries = (taskId: string) => webhooks().list(scope, { taskId }, 10);
  const delivery = async (taskId: string) => (await deliveries(taskId))[0];
  const reaches = (taskId: string, status: string) =>
    eventually(async () => {
      const found = await delivery(taskId);
      expect(found?.status).toBe(status);
      return found;
    }, PATIENT);
  const attempted = (taskId: string, attempts: number) =>
    eventually(async () => {
      const found = await delivery(taskId);
      expect([found?.status, found?.attempts]).toEqual(['pending', attempts]);
      return found;
    }, PATIENT);
  const heard = (count: number) =>
    eventually(() => {
      const all = receiver.on(path);
      expect(all.length).toBeGreaterThanOrEqual(count);
      return all;
    }, PATIENT);
  /** Moves the stored time of the next attempt, by Postgres' clock. */
  const makeDue = async (id: string) => {
    await app.database.query(`UPDATE webhook_deliveries SET next_attempt_at = now() WHERE id = $1::uuid`, id);
    app.get(DeliverSweep).wake();
  };
  const secondsUntilNext = async (id: string) => {
    const [row] = await app.database.query<{ s: number }>(
      `SELECT extract(epoch FROM next_attempt_at - last_attempt_at)::float8 AS s FROM webhook_deliveries WHERE id = $1::uuid`,
      id,
    );
    return row?.s ?? 0;
  };

  it('tell once how a task ended, signed', async () => {
    const id = await call({ task_id: 'invoice-7' }, { value: { pages: 3 } });
    const { delivery_id } = await reaches(id, 'succeeded');
    const [message] = receiver.on(path);
    const { secret } = await app.get(WebhookSecrets).of(scope);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(message && isSigned(message, secret)).toBe(true);
    expect(message?.headers).toMatchObject({ 'webhook-id': delivery_id, 'content-type': 'application/json' });
    expect(message?.message).toMatchObject({
      type: 'task.completed',
      data: { task_id: id, external_id: 'invoice-7', status: 'completed', result: { pages: 3 } },
    });
    const task = await app.task(id);
    expect(message?.message).toEqual({ type: 'task.completed', timestamp: task?.finished_at, data: task });
    expect(await delivery('invoice-7')).toMatchObject({
      attempts: 1,
      last_status_code: 200,
      last_response: 'heard',
    });
    expect(receiver.on(path)).toHaveLength(1);
    expect(await app.get(Metrics).text()).toMatch(
      /intake_webhook_attempt_seconds_count\{outcome="succeeded"\} 1/,
    );
  });

  it('are due from the moment that they are owed', async () => {
    const repository = app.get(DeliveriesRepository);
    const isDueAtOnce = () =>
      app.database.transaction(async (tx) => {
        const id = newId();
        const owed = { id, tenant_id: scope.tenantId, owed_for: id, task_id: null, batch_id: null };
        const message = {
          event: 'task.completed',
          url: receiver.url(path),
          host: 'a',
          body: '',
          traceparent: null,
        };
        await repository.owe(tx, [{ ...owed, ...message }]);
        const due = await repository.findDue(tx, null, 10, 10);
        await tx.webhookDelivery.delete({ where: { id } });
        return due.some((found) => found.id === id);
      });
    // A time that is rounded to milliseconds lies ahead every other time.
    for (let time = 1; time <= 20; time += 1) expect(await isDueAtOnce()).toBe(true);
  });

  it('tell of failures, and of what was cancelled while it waited', async () => {
    const failed = await call({}, { does: 'reject' });
    await reaches(failed, 'succeeded');
    const cancelled = await call({ delay_ms: 600_000 });
    await app.get(TaskControlService).cancel(scope, cancelled);
    await reaches(cancelled, 'succeeded');
    expect(receiver.on(path).map(({ message }) => [message.type, message.data.task_id])).toEqual([
      ['task.failed', failed],
      ['task.cancelled', cancelled],
    ]);
  });

  it('are owed again when a task runs again', async () => {
    const id = await call({ delay_ms: 600_000 });
    await app.get(TaskControlService).cancel(scope, id);
    await app.get(TaskControlService).retry(scope, id);
    const [first, second] = await heard(2);
    expect([first?.message.type, second?.message.type]).toEqual(['task.cancelled', 'task.completed']);
    expect(first?.headers['webhook-id']).not.toBe(second?.headers['webhook-id']);
  });

  it('leave out what is too large, and say where it is', async () => {
    const id = await call({}, { value: 'x'.repeat(300_000) });
    const [message] = await heard(1);
    expect(Buffer.byteLength(message?.body ?? '')).toBeLessThan(256 * 1024);
    expect(message?.message.data).toMatchObject({
      status: 'completed',
      payload: null,
      result: null,
      omitted: ['payload', 'result'],
      links: { self: `/api/tasks/${id}` },
    });
  });

  it('are tried again until they are heard', async () => {
    receiver.answers(path, { status: 500, body: 'not today' }, 200);
    const id = await call();
    const first = await attempted(id, 1);
    expect(first).toMatchObject({
      last_status_code: 500,
      last_error: 'The receiver answered 500',
      last_response: 'not today',
    });
    const pause = await secondsUntilNext(first.delivery_id);
    expect(pause).toBeGreaterThanOrEqual(5);
    await makeDue(first.delivery_id);
    expect(await reaches(id, 'succeeded')).toMatchObject({ attempts: 2, last_error: null });
    const ids = receiver.on(path).map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids).size).toBe(1);
    expect(ids).toHaveLength(2);
  });

  it('follow no redirect', async () => {
    receiver.answers(path, { status: 307, headers: { location: receiver.url('/elsewhere') } });
    const id = await call();
    expect(await attempted(id, 1)).toMatchObject({ last_status_code: 307 });
    expect(receiver.on('/elsewhere')).toEqual([]);
  });

  it('wait for as long as the receiver asks', async () => {
    receiver.answers(path, { status: 503, headers: { 'retry-after': '120' } });
    const { delivery_id } = await attempted(await call(), 1);
    const pause = await secondsUntilNext(delivery_id);
    expect(pause).toBeGreaterThanOrEqual(120);
    expect(pause).toBeLessThan(300);
  });

  it('end for a task whose receiver is gone', async () => {
    receiver.answers(path, 410);
    const id = await call({ delay_ms: 600_000 });
    await app.get(TaskControlService).cancel(scope, id);
    expect(await reaches(id, 'failed')).toMatchObject({ attempts: 1, last_status_code: 410 });
    await app.get(TaskControlService).retry(scope, id);
    await app.settled(id);
    expect(await deliveries(id)).toHaveLength(1);
  });

  it('fail after the last attempt, and start anew when replayed', async () => {
    receiver.answers(path, 500);
    const id = await call();
    const { delivery_id } = await attempted(id, 1);
    await app.database.query(`UPDATE webhook_deliveries SET attempts = 9 WHERE id = $1::uuid`, delivery_id);
    await makeDue(delivery_id);
    expect(await reaches(id, 'failed')).toMatchObject({ attempts: 10, next_attempt_at: null });
    receiver.answers(path, 200);
    expect(await webhooks().replay(scope, delivery_id)).toMatchObject({ delivery_id, finished_at: null });
    expect(await reaches(id, 'succeeded')).toMatchObject({ attempts: 1 });
  });

  it('reach a receiver that was down, when replayed', async () => {
    const port = await freePort();
    const id = await call({ callback_url: `http://127.0.0.1:${port}${path}` });
    const { delivery_id, last_error } = await attempted(id, 1);
    expect(last_error).toBe('outbound.unreachable: The host cannot be reached: ECONNREFUSED');
    const late = await Receiver.start(port);
    try {
      await webhooks().replay(scope, delivery_id);
      await reaches(id, 'succeeded');
      expect(late.on(path)).toHaveLength(1);
    } finally {
      await late.stop();
    }
  });

  it('reach one receiver while another does not answer', async () => {
    const slow = await Receiver.start();
    try {
      slow.answers('/', 'hold');
      await Promise.all(Array.from({ length: 20 }, () => call({ callback_url: slow.url('/') })));
      await eventually(() => slow.heard.length >= 4, PATIENT);
      const ids = await Promise.all(Array.from({ length: 20 }, () => call()));
      await heard(20);
      for (const id of ids) await reaches(id, 'succeeded');
      expect(slow.heard).toHaveLength(4);
    } finally {
      await app.database.query(`DELETE FROM webhook_deliveries WHERE url = $1`, slow.url('/'));
      await slow.stop();
    }
  });

  it('go out again when their sender died on the way', async () => {
    receiver.answers(path, 500, 200);
    const id = await call();
    const { delivery_id } = await attempted(id, 1);
    await app.database.query(
      `UPDATE webhook_deliveries SET status = 'sending', lease_token = $2::uuid, lease_until = now() - interval '1 second'
       WHERE id = $1::uuid`,
      delivery_id,
      newId(),
    );
    expect(await reaches(id, 'succeeded')).toMatchObject({ attempts: 2 });
  });

  it('do not go where a name leads that changed its mind', async () => {
    const id = await call({ callback_url: `http://rebinding.example${path}` });
    const refused = await attempted(id, 1);
    expect(refused.last_error).toMatch(/^outbound\.forbidden: .*private/);
    expect(refused).toMatchObject({ last_status_code: null, last_response: null });
    expect(resolver.asked.filter((host) => host === 'rebinding.example')).toHaveLength(2);
    expect(dialer.dialled.filter((to) => !to.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it.each([
    'http://10.0.0.1/hook',
    'http://169.254.169.254/latest/meta-data/',
    'http://[::ffff:10.0.0.1]/',
    'http://2130706433/',
    'ftp://hooks.example/',
    'http://me:secret@hooks.example/',
    'nonsense',
  ])('are not promised to %s', async (callback_url) => {
    const refusal = { code: 'callback.forbidden', options: { errors: [{ path: 'callback_url' }] } };
    await expect(call({ callback_url })).rejects.toMatchObject(refusal);
    const batch = app.get(TasksService).submitBatch(scope, { tasks: [echo()], callback_url });
    await expect(batch).rejects.toMatchObject({ code: 'callback.forbidden' });
  });

  it('are promised while nobody knows the name', async () => {
    const id = await call({ callback_url: `http://unknown.example${path}`, delay_ms: 600_000 });
    expect((await app.task(id))?.status).toBe('scheduled');
  });

  it('tell once of a batch, and again of its next generation', async () => {
    const batch = await submitBatch([echo(), echo({ does: 'reject' }), echo()]);
    const [first] = await heard(1);
    expect(first?.message).toMatchObject({
      type: 'batch.completed',
      data: {
        batch_id: batch.batch_id,
        total: 3,
        counts: { completed: 2, failed: 1 },
        generation: 1,
        finished: true,
      },
    });
    await app.get(TaskControlService).retry(scope, batch.task_ids[1] ?? '');
    const [, second] = await heard(2);
    expect(second?.message.data).toMatchObject({ generation: 2, remaining: 0 });
    const filter = { batchId: batch.batch_id, event: 'batch.completed', status: 'succeeded' };
    await eventually(async () => (await webhooks().list(scope, filter, 10)).length === 2, PATIENT);
    expect(receiver.on(path)).toHaveLength(2);
  });

  it('owe once what a transaction says twice, and nothing what it takes back', async () => {
    const id = await app.submit({ does: 'reject' });
    const task = await app.settled(id);
    const ended = {
      id,
      tenant_id: 'default',
      queue: 'default',
      type: 'test.scripted',
      status: task?.status ?? 'failed',
      batch_id: null,
      callback_url: receiver.url(path),
      feeds: false,
    };
    const say = (times: number, fault?: Error) =>
      app.database.transaction(async (tx) => {
        for (let time = 0; time < times; time += 1) await app.get(TaskEnds).ended(tx, [ended]);
        if (fault) throw fault;
      });
    await expect(say(1, new Error('taken back'))).rejects.toThrow('taken back');
    expect(await deliveries(id)).toEqual([]);
    await say(2);
    await say(1);
    await reaches(id, 'succeeded');
    expect(await deliveries(id)).toHaveLength(1);
    expect(receiver.on(path)).toHaveLength(1);
  });

  it('are sent once by two processes', async () => {
    const other = await startSubmitter();
    try {
      const ids = await Promise.all(Array.from({ length: 40 }, () => call()));
      await heard(40);
      for (const id of ids) await reaches(id, 'succeeded');
      expect(receiver.on(path)).toHaveLength(40);
    } finally {
      await other.close();
    }
  });

  it('belong to their tenant alone', async () => {
    const id = await call();
    const { delivery_id } = await reaches(id, 'succeeded');
    const other = { tenantId: 'other' };
    expect(await webhooks().list(other, { taskId: id }, 10)).toEqual([]);
    await expect(webhooks().get(other, delivery_id)).rejects.toMatchObject({ code: 'delivery.not_found' });
    await expect(webhooks().replay(other, delivery_id)).rejects.toMatchObject({ code: 'delivery.not_found' });
    const secrets = app.get(WebhookSecrets);
    expect((await secrets.of(other)).secret).not.toBe((await secrets.of(scope)).secret);
    const stored = await app.database.query<{ sealed: string }>('SELECT sealed FROM webhook_secrets');
    expect(stored).toHaveLength(2);
    expect(JSON.stringify(stored)).not.toContain('whsec');
  });

  const echo = (payload: Record<string, unknown> = {}) => ({
    type: 'test.scripted',
    payload: payload as never,
  });
  const submitBatch = async (tasks: Array<ReturnType<typeof echo>>) => {
    const { answer } = await app
      .get(TasksService)
      .submitBatch(scope, { tasks, callback_url: receiver.url(path) });
    return answer;
  };
});
