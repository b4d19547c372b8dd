import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Deployment } from '../support/processes.js';
import { transports } from '../support/stack.js';

type Body = Record<string, unknown>;

describe.each(transports())('tasks over the API, queue on %s', (transport) => {
  let deployment: Deployment;

  beforeAll(async () => {
    deployment = await Deployment.start(transport, { WORKER_ID: 'press-1' });
  });

  afterAll(() => deployment?.stop());

  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(deployment.url + path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Body };
  };
  const echo = (more: Body = {}) => ({ type: 'diagnostics.echo', payload: { message: 'hello' }, ...more });
  const submit = (more: Body = {}) => call('POST', '/api/tasks', echo(more));
  const ended = (body: Body) => deployment.client.waitFor(String(body.task_id), { timeoutMs: 30_000 });
  const namesOf = (body: Body) => (body.data as Body[]).map(({ external_id }) => external_id);

  it('answers 202 with where the task is, and its result later', async () => {
    const { status, headers, body } = await submit({ priority: 'URGENT', task_id: 'first' });
    expect([status, headers.get('location')]).toEqual([202, `/api/tasks/${String(body.task_id)}`]);
    expect(body).toMatchObject({ status: 'queued', queue: 'default', external_id: 'first' });
    const task = await ended(body);
    expect(task).toMatchObject({
      status: 'completed',
      priority: 5,
      result: { message: 'hello' },
      worker_id: 'press-1',
    });
  });

  it('stores a batch whole or not at all', async () => {
    const { status, body } = await call('POST', '/api/tasks/batch', { tasks: [echo(), echo(), echo()] });
    expect(status).toBe(202);
    await Promise.all((body.task_ids as string[]).map((task_id) => ended({ task_id })));
    const batch = await call('GET', `/api/batches/${String(body.batch_id)}`);
    expect(batch.body).toMatchObject({ total: 3, counts: { completed: 3 } });
    const bad = await call('POST', '/api/tasks/batch', {
      tasks: [echo({ task_id: 'lone' }), echo({ type: 'no.such' })],
    });
    expect([bad.status, bad.body.code]).toEqual([422, 'task.type_unknown']);
    expect((await call('GET', '/api/tasks/lone')).status).toBe(404);
    const taken = await call('POST', '/api/tasks/batch', {
      tasks: [echo({ task_id: 'lone' }), echo({ task_id: 'first' })],
    });
    expect([taken.status, taken.body.code]).toEqual([409, 'task.exists']);
    expect((await call('GET', '/api/tasks/lone')).status).toBe(404);
  });

  it('lists newest first, page by page, by every filter', async () => {
    for (const task_id of ['list-a', 'list-b', 'list-c']) {
      await ended((await submit({ task_id, tags: ['listed', task_id], user_id: 9 })).body);
    }
    const first = await call('GET', '/api/tasks?tag=listed&limit=2');
    expect(namesOf(first.body)).toEqual(['list-c', 'list-b']);
    const second = await call(
      'GET',
      `/api/tasks?tag=listed&limit=2&cursor=${String(first.body.next_cursor)}`,
    );
    expect([namesOf(second.body), second.body.next_cursor]).toEqual([['list-a'], null]);
    for (const filter of [
      'q=LIST-B',
      'tag=list-b',
      'user_id=9&q=list-b',
      'worker_id=press-1&tag=list-b',
      'status=completed&tag=list-b',
    ]) {
      expect([filter, namesOf((await call('GET', `/api/tasks?${filter}`)).body)]).toEqual([
        filter,
        ['list-b'],
      ]);
    }
    for (const filter of ['worker_id=nobody', 'status=failed&tag=listed', 'type=no.such']) {
      expect([filter, namesOf((await call('GET', `/api/tasks?${filter}`)).body)]).toEqual([filter, []]);
    }
    const bad = await call('GET', '/api/tasks?limit=0&cursor=zz&colour=red');
    expect(bad.status).toBe(422);
    expect((bad.body.errors as Array<{ path: string }>).map(({ path }) => path).toSorted()).toEqual([
      'colour',
      'limit',
    ]);
  });

  it('cancels what waits, runs it again on request, and refuses both where they make no sense', async () => {
    const { body } = await submit({ delay_ms: 600_000 });
    const path = `/api/tasks/${String(body.task_id)}`;
    expect((await call('POST', `${path}/retry`)).body).toMatchObject({ code: 'task.not_retryable' });
    expect((await call('POST', `${path}/cancel`)).body).toMatchObject({ status: 'cancelled' });
    expect((await call('POST', `${path}/cancel`)).body).toMatchObject({ code: 'task.not_cancellable' });
    const again = await call('POST', `${path}/retry`, { payload: { message: 'edited' } });
    expect(again.status).toBe(202);
    expect(await ended(body)).toMatchObject({ status: 'completed', result: { message: 'edited' } });
    const events = (await call('GET', `${path}/events`)).body.data as Body[];
    expect(events.map(({ event }) => event)).toEqual([
      'submitted',
      'cancel_requested',
      'replayed',
      'claimed',
      'completed',
    ]);
  });

  it('names what cannot be stored, and what is reserved', async () => {
    for (const [more, code] of [
      [{ payload: { message: 'a\0b' } }, 'payload.unstorable'],
      [{ task_id: 'ocr-17' }, 'task_id.reserved'],
      [{ task_id: '01990f2e-5b6c-7d10-9a55-0c2f6d1b7a10' }, 'task_id.reserved'],
      [{ callback_url: 'http://10.0.0.1/x' }, 'callback.forbidden'],
      [{ payload: { sleep_ms: -1 } }, 'request.invalid'],
      [{ depends_on: ['x'] }, 'dependency.unknown'],
    ] as const) {
      const { status, body } = await submit(more);
      expect([status, body.code]).toEqual([422, code]);
    }
  });

  it('answers a live unique key with the task that holds it', async () => {
    const held = await submit({ unique_key: 'nightly', delay_ms: 600_000 });
    const again = await submit({ unique_key: 'nightly' });
    expect([again.status, again.body.task_id, again.body.deduplicated]).toEqual([
      200,
      held.body.task_id,
      true,
    ]);
  });
});
