import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IntakeClient } from '../../src/client/intake-client.js';
import { Database } from '../../src/database/database.js';
import { insertPast } from '../support/past-tasks.js';
import { freshDatabase, type TestDatabase } from '../support/stack.js';
import { startTasksApi } from './tasks-api.js';

describe('routes for many tasks at once', () => {
  let server: TestDatabase;
  let api: Awaited<ReturnType<typeof startTasksApi>>;
  let client: IntakeClient;
  const post = async (path: string, body: object, headers: Record<string, string> = {}) => {
    const answer = await fetch(api.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as never };
  };

  beforeAll(async () => {
    server = await freshDatabase();
    api = await startTasksApi({ DATABASE_URL: server.url });
    client = new IntakeClient({ url: api.url });
    const database = api.app.get(Database);
    await insertPast(database, { count: 3, status: 'failed', fingerprint: 'often' });
    await insertPast(database, { count: 1, status: 'failed', fingerprint: 'rare', tag: 'odd' });
    await insertPast(database, { count: 2, status: 'completed', hoursAgo: 30 });
  });

  afterAll(async () => {
    await api.close();
    await server.drop();
  });

  it('want a filter that says what it means', async () => {
    for (const path of [
      '/api/queue/dead-letters/replay',
      '/api/queue/dead-letters/discard',
      '/api/tasks/cancel',
    ]) {
      expect(await post(path, { filter: {} })).toMatchObject({
        status: 422,
        body: {
          code: 'request.invalid',
          errors: [{ path: 'filter', message: expect.stringContaining('all') }],
        },
      });
      const misspelt = { filter: { fingerprnt: 'x' } };
      expect(await post(path, misspelt)).toMatchObject({
        status: 422,
        body: { errors: [{ path: 'filter.fingerprnt' }, { path: 'filter' }] },
      });
    }
    expect(await post('/api/queue/flush', {})).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'confirm' }] },
    });
  });

  it('say in a dry run what would be changed', async () => {
    const answer = await post('/api/queue/dead-letters/replay', { filter: { all: true }, dry_run: true });
    expect(answer).toMatchObject({
      status: 200,
      body: { dry_run: true, matched: 4, by_status: { failed: 4 } },
    });
    expect((await client.operations.list()).data).toEqual([]);
  });

  it('answer with an operation, the same one for the same key', async () => {
    const request = [
      '/api/queue/dead-letters/replay',
      { filter: { fingerprint: 'often' }, rate_per_second: 1 },
      { 'idempotency-key': 'once' },
    ] as const;
    const [first, again] = [await post(...request), await post(...request)];
    expect(first).toMatchObject({
      status: 202,
      body: { kind: 'dead_letters.replay', status: 'running', total: 3 },
    });
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const { operation_id, links } = first.body as { operation_id: string; links: { self: string } };
    expect(first.headers.get('location')).toBe(links.self);
    expect((await client.operations.list({ status: 'running' })).data).toHaveLength(1);
    expect((await client.operations.cancel(operation_id)).status).toBe('cancelled');
    await expect(client.operations.cancel(operation_id)).rejects.toMatchObject({
      status: 409,
      code: 'operation.not_cancellable',
    });
    const nobody = '01990f2e-5b6c-7d10-9a55-0c2f6d1b7a10';
    await expect(client.operations.get(nobody)).rejects.toMatchObject({ code: 'operation.not_found' });
  });

  it('list dead letters, and count them by cause', async () => {
    expect((await client.queue.deadLetters.list({ tag: 'odd' })).data).toHaveLength(1);
    expect((await client.queue.deadLetters.list()).data).toHaveLength(4);
    const first = await client.queue.deadLetters.summary({ limit: 1 });
    expect(first.data).toMatchObject([{ fingerprint: 'often', count: 3, error_code: 'document.corrupt' }]);
    const rest = await client.queue.deadLetters.summary({ limit: 1, cursor: first.next_cursor ?? '' });
    expect(rest).toMatchObject({ data: [{ fingerprint: 'rare', count: 1 }], next_cursor: null });
    const sample = await client.tasks.get(rest.data[0].sample_task_id ?? '');
    expect(sample).toMatchObject({ status: 'failed', tags: ['odd'] });
  });

  it('clean up at once, and flush only where that is allowed', async () => {
    expect(await post('/api/queue/cleanup', {})).toMatchObject({ status: 200, body: { removed: 2 } });
    expect(await post('/api/queue/flush', { confirm: true })).toMatchObject({
      status: 403,
      body: { code: 'queue.flush_forbidden' },
    });
  });
});
