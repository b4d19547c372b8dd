import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DocumentResult } from '../../src/documents/documents.contract.js';
import { IntakeError } from '../../src/client/intake-error.js';
import { createS3Client } from '../../src/storage/s3-client.adapter.js';
import { S3ObjectStore } from '../../src/storage/s3-object-store.adapter.js';
import { Deployment } from '../support/processes.js';
import { S3Server } from '../support/s3-server.js';

const TEXT = 'The lighthouse keeper counts the ships.';
const MAX_BYTES = 200_000;

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

describe('documents from buckets and URLs, files in a bucket', () => {
  let storage: S3Server;
  let host: Server;
  let deployment: Deployment;
  let scans: S3ObjectStore;
  let own: S3ObjectStore;
  const answers = new Map<string, Answer>();
  const asked: string[] = [];

  beforeAll(async () => {
    storage = await S3Server.start('intake', 'scans', 'secret');
    host = createServer((request, response) => {
      asked.push(request.url ?? '');
      answers.get(request.url ?? '')?.(response, request);
    });
    host.listen(0, '127.0.0.1');
    await once(host, 'listening');
    const variables = { ...storage.variables('intake'), S3_ALLOWED_BUCKETS: 'scans' };
    deployment = await Deployment.start('postgres', { ...variables, UPLOAD_MAX_BYTES: String(MAX_BYTES) });
    const client = createS3Client({
      endpoint: storage.endpoint,
      region: 'us-east-1',
      buckets: [],
      credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
      forcePathStyle: true,
    });
    scans = new S3ObjectStore(client, 'scans');
    own = new S3ObjectStore(client, 'intake');
  });
  afterAll(async () => {
    await deployment?.stop();
    host?.closeAllConnections();
    host?.close();
    await storage?.stop();
  });

  const urlOf = (path: string, answer: Answer) => {
    answers.set(path, answer);
    return `http://127.0.0.1:${(host.address() as AddressInfo).port}${path}`;
  };
  const process = (place: { r2_key?: string; source_url?: string }, document_id = 'doc') =>
    deployment.client.documents.process({ document_id, user_id: '7', file_name: 'a.txt', ...place });
  const outcome = async (place: Parameters<typeof process>[0], document_id?: string) => {
    const { task_id } = await process(place, document_id);
    return deployment.client.waitFor(task_id, { timeoutMs: 60_000 });
  };
  const refusal = async (place: Parameters<typeof process>[0]) => {
    const failure: unknown = await process(place).catch((error: unknown) => error);
    if (!(failure instanceof IntakeError)) throw new Error('it was not refused');
    return [failure.code, failure.errors.map(({ path }) => path)];
  };

  it('reads what lies in the bucket, by key and by URI, and in others that are allowed', async () => {
    await own.put('inbox/a.txt', Buffer.from(TEXT));
    await scans.put('2026/a.txt', Buffer.from(TEXT));
    for (const r2_key of ['inbox/a.txt', 's3://intake/inbox/a.txt', 'r2://scans/2026/a.txt']) {
      expect(await outcome({ r2_key }, r2_key)).toMatchObject({ status: 'completed', attempts: 1 });
      expect(await deployment.client.documents.text(r2_key)).toBe(TEXT);
    }
    expect(await outcome({ r2_key: 'inbox/none.txt' })).toMatchObject({
      status: 'failed',
      reason: 'permanent',
      error: { code: 'source.not_found' },
    });
  });

  it('refuses at once what may never be read, naming the field', async () => {
    expect(await refusal({ r2_key: 's3://secret/a.txt' })).toEqual(['bucket.forbidden', ['r2_key']]);
    expect(await refusal({ r2_key: 's3://scans/../a.txt' })).toEqual(['path.forbidden', ['r2_key']]);
    expect(await refusal({ r2_key: 'https://example.com/a' })).toEqual(['source.unsupported', ['r2_key']]);
    expect(await refusal({ source_url: 'http://10.0.0.1/a' })).toEqual([
      'outbound.forbidden',
      ['source_url'],
    ]);
    expect(await refusal({ source_url: 'ftp://example.com/a' })).toEqual([
      'outbound.forbidden',
      ['source_url'],
    ]);
    expect(await refusal({})).toEqual(['request.invalid', ['r2_key']]);
    const both = { r2_key: 'a', source_url: 'https://example.com/a' };
    expect(await refusal(both)).toEqual(['request.invalid', ['source_url']]);
  });

  it('keeps uploads in the bucket and takes them away with their document', async () => {
    const form = new FormData();
    form.set('document_id', 'uploaded');
    form.set('user_id', '7');
    form.set('file', new Blob([TEXT]), 'a.txt');
    const response = await fetch(`${deployment.url}/api/documents`, { method: 'POST', body: form });
    const { task_id } = (await response.json()) as { task_id: string };
    const task = await deployment.client.waitFor(task_id, { timeoutMs: 60_000 });
    expect(DocumentResult.parse(task.result)).toMatchObject({ size_bytes: TEXT.length });
    expect(await own.list('uploads/documents', { limit: 10 })).toHaveLength(1);
    await deployment.client.documents.delete('uploaded');
    expect(await own.list('uploads/documents', { limit: 10 })).toEqual([]);
  });

  it('fetches a URL, and recognises bytes that it had from elsewhere', async () => {
    const source_url = urlOf('/a.txt', (response) => response.end(TEXT));
    const first = await outcome({ source_url }, 'by-url');
    expect(DocumentResult.parse(first.result)).toMatchObject({ characters: TEXT.length, unchanged: false });
    expect(await deployment.client.documents.get('by-url')).toMatchObject({ source_url, r2_key: null });
    const again = await outcome({ r2_key: 'inbox/a.txt' }, 'by-url');
    expect(DocumentResult.parse(again.result)).toMatchObject({ unchanged: true });
  });

  it('fails for good where trying again cannot help, and cuts off what does not end', async () => {
    const endless: Answer = (response) => {
      const more = () => {
        while (response.write(Buffer.alloc(16_384, 'x')));
      };
      response.on('drain', more);
      more();
    };
    for (const [path, answer, code] of [
      ['/missing', (response) => response.writeHead(404).end(), 'source.not_found'],
      ['/loop', (response) => response.writeHead(302, { location: '/loop' }).end(), 'source.refused'],
      ['/private', (response) => response.writeHead(403).end(), 'source.refused'],
      ['/endless', endless, 'source.too_large'],
      [
        '/in',
        (response) => response.writeHead(302, { location: 'http://10.0.0.1/' }).end(),
        'outbound.forbidden',
      ],
    ] satisfies Array<[string, Answer, string]>) {
      const task = await outcome({ source_url: urlOf(path, answer) }, path);
      const { status, reason, error, attempts } = task;
      expect([path, status, reason, error?.code, attempts]).toEqual([path, 'failed', 'permanent', code, 1]);
      expect(error?.message).toMatch(/^source_url: /);
    }
    expect(asked.filter((path) => path === '/loop')).toHaveLength(6);
  });

  it('tries again what may mend: a busy host after the time that it asks for, a broken answer', async () => {
    const busy = urlOf('/busy', (response) => {
      const first = asked.filter((path) => path === '/busy').length === 1;
      if (first) response.writeHead(429, { 'retry-after': '1' }).end();
      else response.end(TEXT);
    });
    expect(await outcome({ source_url: busy }, 'busy')).toMatchObject({ status: 'completed', attempts: 1 });
    const mending = urlOf('/mends', (response) => {
      const first = asked.filter((path) => path === '/mends').length === 1;
      if (first) response.writeHead(500).end();
      else response.end(TEXT);
    });
    expect(await outcome({ source_url: mending }, 'mends')).toMatchObject({
      status: 'completed',
      attempts: 2,
    });
    const short = urlOf('/short', (response) => {
      response.writeHead(200, { 'content-length': TEXT.length + 1 });
      response.write(TEXT, () => response.destroy());
    });
    expect(await outcome({ source_url: short }, 'short')).toMatchObject({
      status: 'failed',
      reason: 'exhausted',
      attempts: 3,
      error: { code: 'outbound.incomplete' },
    });
    expect(asked.filter((path) => path === '/short')).toHaveLength(3);
  });

  it('believes the bytes more than what their host calls them', async () => {
    const source_url = urlOf('/called-pdf', (response) => {
      response.setHeader('content-type', 'application/pdf').end(TEXT);
    });
    const { result } = await outcome({ source_url }, 'called-pdf');
    expect(DocumentResult.parse(result)).toMatchObject({ content_type: 'text/plain' });
  });

  it('lets go of a body that never comes to its end when its time is over', async () => {
    let source_url = '';
    const closed = new Promise((resolve) => {
      source_url = urlOf('/drips', (response) => {
        const drip = setInterval(() => response.write('x'), 20);
        response.once('close', () => resolve(clearInterval(drip)));
      });
    });
    const { task_id } = await deployment.client.tasks.submit({
      type: 'documents.process',
      payload: { document_id: 'drips', user_id: '8', file_name: 'a.txt', source_url },
      timeout_ms: 1_500,
      max_attempts: 1,
    });
    expect(await deployment.client.waitFor(task_id, { timeoutMs: 60_000 })).toMatchObject({
      status: 'failed',
      reason: 'timeout',
      error: { code: 'handler.timeout' },
    });
    await closed;
  });

  it('erases all of a user when asked to, and nothing when nobody is named', async () => {
    const { documents, operations } = deployment.client;
    const nobody = await fetch(`${deployment.url}/api/documents`, { method: 'DELETE' });
    expect(nobody.status).toBe(422);
    const { data: before } = await documents.list({ user_id: '7' });
    const begun = await documents.erase({ user_id: '7' });
    expect(await operations.waitFor(begun.operation_id)).toMatchObject({
      status: 'completed',
      done: before.length,
    });
    expect((await documents.list({ user_id: '7' })).data).toEqual([]);
    expect(await own.stat('inbox/a.txt')).toEqual({ sizeBytes: TEXT.length });
  });
});
