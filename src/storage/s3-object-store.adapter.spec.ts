import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../test/support/eventually.js';
import { S3Server } from '../../test/support/s3-server.js';
import { signatureOf } from '../../test/support/signature-v4.js';
import { createS3Client, type S3Limits } from './s3-client.adapter.js';
import { S3ObjectStore } from './s3-object-store.adapter.js';

const MIB = 1024 * 1024;
const SECRET = 'S3RVER';
const scope = { tenantId: 'one' };

function storeAt(endpoint: string, bucket = 'intake', limits: Partial<S3Limits> = {}): S3ObjectStore {
  const client = createS3Client(
    {
      endpoint,
      region: 'eu-west-1',
      bucket,
      buckets: [bucket],
      credentials: { accessKeyId: 'S3RVER', secretAccessKey: SECRET },
      forcePathStyle: true,
    },
    { connectMs: 2_000, answerMs: 2_000, idleMs: 2_000, attempts: 2, ...limits },
  );
  return new S3ObjectStore(client, bucket);
}

describe('uploads in parts', () => {
  let server: S3Server;
  let store: S3ObjectStore;

  beforeAll(async () => {
    server = await S3Server.start('intake');
    store = storeAt(server.endpoint);
  });
  afterAll(() => server.stop());

  async function* parts(count: number, then: () => Promise<void> | void) {
    for (let at = 0; at < count; at += 1) yield Buffer.alloc(MIB);
    await then();
  }

  it('leave none when their source breaks off', async () => {
    const broken = () => {
      throw new Error('the client left');
    };
    await expect(store.put('a', Readable.from(parts(20, broken)))).rejects.toThrow('the client left');
    expect(server.openUploads('intake')).toEqual([]);
    await expect(store.stat('a')).rejects.toMatchObject({ code: 'source.not_found' });
  });

  it('leave none when there are too many bytes', async () => {
    const put = store.put('b', Readable.from(parts(30, () => {})), { maxBytes: 20 * MIB });
    await expect(put).rejects.toMatchObject({ code: 'source.too_large' });
    expect(server.openUploads('intake')).toEqual([]);
  });

  it('leave none when they are stopped in the middle', { timeout: 60_000 }, async () => {
    const stop = new AbortController();
    const never = () => new Promise<void>(() => {});
    const put = store.put('c', Readable.from(parts(20, never)), { signal: stop.signal });
    const ended = expect(put).rejects.toThrow('cancelled');
    await eventually(() => server.openUploads('intake').length > 0, { timeoutMs: 30_000 });
    stop.abort(new Error('cancelled'));
    await ended;
    await eventually(() => server.openUploads('intake').length === 0, { timeoutMs: 30_000 });
  });

  it('wait for the storage: no more of a large source is read than a few parts ahead', async () => {
    let read = 0;
    const source = async function* () {
      for (; read < 64; read += 1) yield Buffer.alloc(MIB);
    };
    const stop = new AbortController();
    const mute = createServer((request, response) => {
      request.resume();
      if (request.url?.includes('uploads'))
        response.end('<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>');
    });
    mute.listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const slow = storeAt(`http://127.0.0.1:${(mute.address() as AddressInfo).port}`, 'intake', {
      attempts: 1,
    });
    await expect(slow.put('d', Readable.from(source()), { signal: stop.signal })).rejects.toMatchObject({
      code: 'storage.unavailable',
    });
    expect(read).toBeLessThan(40);
    mute.closeAllConnections();
    mute.close();
  });
});

describe('an S3 that has trouble', () => {
  let server: Server;
  let endpoint: string;
  let asked: string[];
  let answer: (response: ServerResponse, request: IncomingMessage) => void;

  beforeEach(async () => {
    asked = [];
    server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      request.resume();
      answer(response, request);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const saying =
    (status: number, code: string) =>
    (response: ServerResponse, { method }: IncomingMessage) =>
      response.writeHead(status).end(method === 'HEAD' ? '' : `<Error><Code>${code}</Code></Error>`);
  const everyCall = (store: S3ObjectStore) => [
    () => store.put('a', Buffer.from('x')),
    () => store.open('a'),
    () => store.stat('a'),
    () => store.delete('a'),
    () => store.list('a', { limit: 1 }),
    () => store.check(),
  ];

  it.each([
    [403, 'AccessDenied', /denies access/],
    [403, 'InvalidAccessKeyId', /denies access/],
    [404, 'NoSuchBucket', /no bucket intake/],
    [500, 'InternalError', /answered 500/],
  ])('is unavailable when it answers %i %s, whatever is asked', async (status, code, text) => {
    answer = saying(status, code);
    for (const call of everyCall(storeAt(endpoint, 'intake', { attempts: 1 }))) {
      const failure = await call().catch((error: unknown) => error);
      expect(failure).toMatchObject({
        code: 'storage.unavailable',
        retryable: true,
        detail: expect.stringMatching(text),
      });
    }
  });

  it('is asked again a few times, no more', async () => {
    answer = saying(503, 'SlowDown');
    await expect(storeAt(endpoint).open('a')).rejects.toMatchObject({ code: 'storage.unavailable' });
    expect(asked).toHaveLength(2);
    answer = (response, request) =>
      asked.length > 3 ? response.end('there') : saying(503, 'SlowDown')(response, request);
    expect((await buffer((await storeAt(endpoint).open('a')).stream)).toString()).toBe('there');
  });

  it('is unavailable when nobody listens, or nobody answers', async () => {
    answer = () => {};
    const mute = storeAt(endpoint, 'intake', { answerMs: 200 });
    await expect(mute.open('a')).rejects.toMatchObject({ code: 'storage.unavailable' });
    await expect(mute.put('a', Buffer.from('x'))).rejects.toMatchObject({ code: 'storage.unavailable' });
    expect(asked).toHaveLength(4);
    server.closeAllConnections();
    server.close();
    const failure = await storeAt(endpoint)
      .open('a')
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'storage.unavailable',
      detail: 'The storage cannot be reached (ECONNREFUSED).',
    });
  });

  it('fails the reader when it falls silent, or breaks off, in the middle of an object', async () => {
    const begin: typeof answer = (response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('only this');
    };
    answer = begin;
    const silent = await storeAt(endpoint, 'intake', { idleMs: 200 }).open('a');
    await expect(buffer(silent.stream)).rejects.toMatchObject({ code: 'storage.unavailable' });
    answer = (response, request) => {
      begin(response, request);
      setImmediate(() => response.destroy());
    };
    const cut = await storeAt(endpoint).open('a');
    await expect(buffer(cut.stream)).rejects.toMatchObject({ code: 'storage.unavailable' });
  });

  it('lets a reader go when it is stopped, with the reason of the signal', async () => {
    answer = (response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('only this');
    };
    const stop = new AbortController();
    const { stream } = await storeAt(endpoint).open('a', { signal: stop.signal });
    const read = expect(buffer(stream)).rejects.toThrow('cancelled');
    stop.abort(new Error('cancelled'));
    await read;
  });
});

describe('signatures', () => {
  it('are those of Signature Version 4, in headers', async () => {
    let heard: IncomingMessage | undefined;
    const server = createServer((request, response) => {
      heard = request;
      request.resume().once('end', () => response.setHeader('etag', '"x"').end());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const body = Buffer.from('signed bytes');
    const store = storeAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await store.put('a b/ü(1).txt', body);
    server.closeAllConnections();
    server.close();
    const headers = heard?.headers as Record<string, string>;
    const [, credentialScope = '', names = '', signature] =
      /Credential=S3RVER\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=(\w+)/.exec(
        headers.authorization ?? '',
      ) ?? [];
    const payloadHash = createHash('sha256').update(body).digest('hex');
    expect(headers['x-amz-content-sha256']).toBe(payloadHash);
    expect(names.split(';')).toEqual(expect.arrayContaining(['host', 'x-amz-content-sha256', 'x-amz-date']));
    const request = { method: 'PUT', url: heard?.url ?? '', headers, payloadHash };
    const at = headers['x-amz-date'] ?? '';
    expect(signature).toBe(
      signatureOf(request, { secret: SECRET, credentialScope, at, signedHeaders: names.split(';') }),
    );
  });

  it('are those of Signature Version 4, in links, which name the file and its type', async () => {
    const server = await S3Server.start('intake');
    const store = storeAt(server.endpoint);
    await store.put('a b/ü.txt', Buffer.from('linked'));
    const options = { expiresInSeconds: 120, fileName: 'Größe "1".txt', contentType: 'text/plain' };
    const link = new URL(await store.urlFor(scope, 'a b/ü.txt', options));
    const query = Object.fromEntries(link.searchParams);
    expect(query).toMatchObject({ 'X-Amz-Expires': '120', 'X-Amz-SignedHeaders': 'host' });
    const [, ...credentialScope] = (query['X-Amz-Credential'] ?? '').split('/');
    const request = {
      method: 'GET',
      url: link.pathname + link.search,
      headers: { host: link.host },
      payloadHash: 'UNSIGNED-PAYLOAD',
    };
    const signing = {
      secret: SECRET,
      credentialScope: credentialScope.join('/'),
      at: query['X-Amz-Date'] ?? '',
      signedHeaders: ['host'],
    };
    expect(query['X-Amz-Signature']).toBe(signatureOf(request, signing));
    const answer = await fetch(link);
    expect([answer.status, await answer.text()]).toEqual([200, 'linked']);
    expect(answer.headers.get('content-disposition')).toMatch(
      /^attachment; .*filename\*=UTF-8''Gr%C3%B6%C3%9Fe/,
    );
    expect(answer.headers.get('content-type')).toContain('text/plain');
    await server.stop();
  });
});
