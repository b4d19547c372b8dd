import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { AcceptedTask, TaskView } from '../tasks/tasks.contract.js';
import { IntakeClient } from './intake-client.js';
import { IntakeError } from './intake-error.js';

interface Asked {
  method?: string;
  url?: string;
  headers: IncomingMessage['headers'];
  body: string;
}
type Reply = (response: ServerResponse) => void;

const exampleOf = (schema: z.ZodType) => (schema.meta() as { examples: unknown[] }).examples[0];
const task = TaskView.parse(exampleOf(TaskView));
const accepted = AcceptedTask.parse(exampleOf(AcceptedTask));

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Reply =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
const hangUp: Reply = (response) => response.destroy();

let asked: Asked[];
let replies: Reply[];
let client: IntakeClient;
let url: string;
const server = createServer((request, response) => void answer(request, response));

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  asked.push({
    method: request.method,
    url: request.url,
    headers: request.headers,
    body: await text(request),
  });
  const reply = replies.length > 1 ? replies.shift() : replies[0];
  reply?.(response);
}

beforeEach(async () => {
  [asked, replies] = [[], []];
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = new IntakeClient({ url, apiKey: 'ik_test_1_secret' });
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const failure = async (call: Promise<unknown>): Promise<IntakeError> => {
  const error = await call.then(
    () => expect.fail('the call succeeded'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(IntakeError);
  return error as IntakeError;
};

describe('a call', () => {
  it('carries the key, the path in front and the query', async () => {
    replies = [json(200, { data: [task], next_cursor: null })];
    const behindProxy = new IntakeClient({ url: `${url}/intake/`, apiKey: 'ik_test_1_secret' });
    const page = await behindProxy.tasks.list({ status: 'active', limit: 3 });
    expect(page.data[0]?.task_id).toBe(task.task_id);
    expect(asked[0]).toMatchObject({ method: 'GET', url: '/intake/api/tasks?status=active&limit=3' });
    expect(asked[0]?.headers.authorization).toBe('Bearer ik_test_1_secret');
  });

  it('turns a problem into an error that says everything the server said', async () => {
    const errors = [{ path: 'priority', message: 'must be 0 to 9' }];
    replies = [json(422, { code: 'request.invalid', detail: 'See `errors`.', errors, request_id: 'r1' })];
    expect(await failure(client.tasks.submit({ type: 'x' }))).toMatchObject({
      code: 'request.invalid',
      status: 422,
      detail: 'See `errors`.',
      errors,
      requestId: 'r1',
    });
    expect(asked).toHaveLength(1);
  });

  it('names the status when a proxy answers in HTML', async () => {
    replies = [(response) => response.writeHead(502).end('<html>')];
    expect(await failure(client.tasks.get('t'))).toMatchObject({ code: 'http.502', status: 502 });
  });

  it('does not take another service for Intake', async () => {
    replies = [(response) => response.end('<html>hello</html>')];
    const { code, detail } = await failure(client.tasks.get('t'));
    expect(code).toBe('client.unexpected_answer');
    expect(detail).toContain(`GET ${url}/api/tasks/t`);
  });

  it('says in plain words that nobody is there', async () => {
    await new Promise((resolve) => server.close(resolve));
    const { code, status, detail } = await failure(client.tasks.cancel('t'));
    expect({ code, status }).toEqual({ code: 'client.unreachable', status: null });
    expect(detail).toBe(`Cannot reach ${url}: connection refused; is Intake running there?`);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
});

describe('repeats', () => {
  it('read again after a broken connection', async () => {
    replies = [hangUp, json(200, task)];
    expect((await client.tasks.get('t')).task_id).toBe(task.task_id);
  });

  it('create again under the same key, so that the work is created once', async () => {
    replies = [
      hangUp,
      json(503, { code: 'database.unavailable' }, { 'retry-after': '1' }),
      json(202, accepted),
    ];
    await client.tasks.submit({ type: 'x' });
    const keys = asked.map(({ headers }) => headers['idempotency-key']);
    expect(keys[0]).toBeTruthy();
    expect(new Set(keys).size).toBe(1);
    expect(asked).toHaveLength(3);

    replies = [json(202, accepted)];
    await client.tasks.submit({ type: 'x' });
    expect(asked[3]?.headers['idempotency-key']).not.toBe(keys[0]);
  });

  it('do not cancel again after a broken connection: the first may have worked', async () => {
    replies = [hangUp];
    expect((await failure(client.tasks.cancel('t'))).code).toBe('client.unreachable');
    expect(asked).toHaveLength(1);
  });

  it('wait as long as a busy server asks', async () => {
    replies = [json(429, {}, { 'retry-after': '1' }), json(200, { ...task, cancel_requested: true })];
    const startMs = performance.now();
    await client.tasks.cancel('t');
    expect(performance.now() - startMs).toBeGreaterThan(950);
  });

  it('end at once when the server asks for minutes', async () => {
    replies = [json(503, { code: 'queue.full' }, { 'retry-after': '120' })];
    expect(await failure(client.tasks.get('t'))).toMatchObject({ code: 'queue.full', retryAfterMs: 120_000 });
    expect(asked).toHaveLength(1);
  });

  it('end after a few', async () => {
    replies = [hangUp];
    await failure(client.tasks.get('t'));
    expect(asked).toHaveLength(5);
  });

  it('end when the caller leaves', async () => {
    replies = [json(503, {}, { 'retry-after': '20' })];
    const caller = new AbortController();
    const call = client.tasks.get('t', { signal: caller.signal });
    setTimeout(() => caller.abort(), 100);
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('waiting for a task', () => {
  const running: TaskView = { ...task, status: 'processing', finished_at: null };

  it('polls until it is final and tells of each poll', async () => {
    replies = [json(200, running), json(200, running), json(200, { ...task, status: 'failed' })];
    const seen: string[] = [];
    const final = await client.waitFor('t', { onProgress: ({ status }) => seen.push(status) });
    expect(final.status).toBe('failed');
    expect(seen).toEqual(['processing', 'processing', 'failed']);
  });

  it('gives up in time', async () => {
    replies = [json(200, running)];
    expect(await failure(client.waitFor('t', { timeoutMs: 200 }))).toMatchObject({ code: 'client.timeout' });
    expect(asked.length).toBeGreaterThan(2);
  });
});

describe('an upload', () => {
  it('sends the file as a form with its fields', async () => {
    replies = [json(202, { ...accepted, document_id: 'd' })];
    const folder = await mkdtemp(join(tmpdir(), 'intake-client-'));
    const path = join(folder, 'größe.md');
    await writeFile(path, '# hello');
    await client.documents.upload(path, { document_id: 'd', user_id: '7', metadata: { team: 'hr' } });
    expect(asked[0]?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
    for (const part of ['filename="größe.md"', '# hello', '{"team":"hr"}', 'name="user_id"']) {
      expect(asked[0]?.body).toContain(part);
    }
    await rm(folder, { recursive: true });
  });

  it('does not hold the file in memory', async () => {
    const sizeBytes = 256 * 1024 ** 2;
    const folder = await mkdtemp(join(tmpdir(), 'intake-client-'));
    const path = join(folder, 'large.bin');
    await writeFile(path, '');
    await truncate(path, sizeBytes);
    let [receivedBytes, heldBytes] = [0, 0];
    const sink = createServer((request, response) => {
      request.on('data', (chunk: Buffer) => {
        receivedBytes += chunk.length;
        heldBytes = Math.max(heldBytes, process.memoryUsage().arrayBuffers);
      });
      request.on('end', () => json(202, { ...accepted, document_id: 'd' })(response));
    });
    await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve));
    const uploader = new IntakeClient({ url: `http://127.0.0.1:${(sink.address() as AddressInfo).port}` });
    await uploader.documents.upload(path, { document_id: 'd', user_id: '7' });
    sink.close();
    await rm(folder, { recursive: true });
    expect(receivedBytes).toBeGreaterThan(sizeBytes);
    expect(heldBytes).toBeLessThan(sizeBytes / 2);
  });

  it('says which file is not there', async () => {
    const error = await failure(
      client.documents.upload('/none/such.pdf', { document_id: 'd', user_id: '7' }),
    );
    expect(error).toMatchObject({
      code: 'client.file',
      detail: 'Cannot read /none/such.pdf: there is no such file',
    });
  });
});
