import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LoopbackDialer, ScriptedResolver } from '../../test/support/outbound-ports.js';
import { Outbound } from '../http/outbound.js';
import { OutboundPolicy } from '../http/outbound-policy.js';
import { Clock } from '../kernel/clock.js';
import { Buckets } from './buckets.js';
import { SourceReader } from './source-reader.js';
import { openUrl } from './url-source.js';

const PUBLIC = '93.184.216.34';
const URL = 'http://files.example/a.pdf';

describe('a source behind a URL', () => {
  let server: Server;
  let dialer: LoopbackDialer;
  let outbound: Outbound;
  let answer: (response: ServerResponse, request: IncomingMessage) => void;

  beforeEach(async () => {
    server = createServer((request, response) => answer(response, request));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    dialer = new LoopbackDialer({ [PUBLIC]: (server.address() as AddressInfo).port });
    const resolver = new ScriptedResolver({
      'files.example': [[PUBLIC]],
      'inside.example': [['10.0.0.7']],
    });
    const policy = new OutboundPolicy({ allow: [], allowLoopback: false });
    outbound = new Outbound(policy, resolver, dialer);
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const fetch = (url = URL, maxBytes = 1_000_000) =>
    new SourceReader(undefined as never, new Buckets(), outbound, new Clock()).fetch(
      { kind: 'url', url },
      { maxBytes },
    );
  const impatient = (limits: { totalMs?: number; idleMs?: number }) =>
    openUrl(outbound, URL, 0, {
      limits: { totalMs: 30_000, maxBytes: Infinity, ...limits },
    }).then(({ stream }) => buffer(stream));

  it('comes to the disk with its size, its checksum and what its host calls it', async () => {
    answer = (response) => {
      response.setHeader('content-type', 'application/pdf; charset=binary');
      response.end('some bytes');
    };
    const fetched = await fetch();
    expect(fetched).toMatchObject({ sizeBytes: 10, contentType: 'application/pdf' });
    await fetched.dispose();
  });

  it.each([
    [404, 'source.not_found', false],
    [410, 'source.not_found', false],
    [401, 'source.refused', false],
    [403, 'source.refused', false],
    [204, 'source.refused', false],
    [304, 'source.refused', false],
    [408, 'source.unavailable', true],
    [429, 'source.unavailable', true],
    [500, 'source.unavailable', true],
    [503, 'source.unavailable', true],
  ])('%i is %s', async (status, code, retryable) => {
    answer = (response) => response.writeHead(status).end();
    await expect(fetch()).rejects.toMatchObject({ code, retryable });
  });

  it('passes on for how long a busy host wants to be left alone', async () => {
    const pauses: unknown[] = [];
    for (const header of ['7', new Date(60_000).toUTCString(), '0', 'soon']) {
      answer = (response) => response.writeHead(429, { 'retry-after': header }).end();
      const failure = await openUrl(outbound, URL, 0).catch((error: unknown) => error);
      pauses.push((failure as { options: { retryAfterSeconds?: number } }).options.retryAfterSeconds);
    }
    expect(pauses).toEqual([7, 60, undefined, undefined]);
  });

  it('is cut off when it does not end, and not begun when it says that it is too large', async () => {
    let written = 0;
    answer = (response) => {
      const more = () => {
        while (response.write(Buffer.alloc(65_536))) written += 65_536;
      };
      response.on('drain', more);
      more();
    };
    await expect(fetch()).rejects.toMatchObject({ code: 'source.too_large', retryable: false });
    expect(written).toBeLessThan(50_000_000);
    answer = (response) => response.writeHead(200, { 'content-length': '1000001' }).flushHeaders();
    await expect(fetch()).rejects.toMatchObject({ code: 'source.too_large' });
  });

  it('is given up when it is silent, at its head or in the middle, or takes too long in all', async () => {
    answer = () => {};
    const timeout = { code: 'outbound.timeout', retryable: true };
    await expect(impatient({ idleMs: 100 })).rejects.toMatchObject(timeout);
    answer = (response) => response.write('a');
    await expect(impatient({ idleMs: 100 })).rejects.toMatchObject(timeout);
    answer = (response) => {
      const drip = setInterval(() => response.write('a'), 20);
      response.once('close', () => clearInterval(drip));
    };
    await expect(impatient({ totalMs: 300, idleMs: 5_000 })).rejects.toMatchObject(timeout);
  });

  it('is tried again when it is shorter than it said, and ends where it said', async () => {
    answer = (response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('only this', () => response.destroy());
    };
    await expect(fetch()).rejects.toMatchObject({ code: 'outbound.incomplete', retryable: true });
    answer = (response) => {
      response.strictContentLength = false;
      response.socket?.end('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfour and more');
    };
    const fetched = await fetch();
    expect(fetched.sizeBytes).toBe(4);
    await fetched.dispose();
  });

  it('follows redirects, a few, and none that leads inside: it is not even dialled', async () => {
    answer = (response, { url = '' }) => {
      const at = Number(url.slice(1));
      const to =
        url === '/in' ? 'http://inside.example/' : url === '/ip' ? 'http://127.0.0.1:9/' : `/${at - 1}`;
      if (at > 0 || Number.isNaN(at)) response.writeHead(302, { location: to }).end();
      else response.end('there');
    };
    await (await fetch('http://files.example/5')).dispose();
    await expect(fetch('http://files.example/6')).rejects.toMatchObject({ code: 'source.refused' });
    const before = dialer.dialled.length;
    for (const path of ['in', 'ip']) {
      const inwards = fetch(`http://files.example/${path}`);
      await expect(inwards).rejects.toMatchObject({ code: 'outbound.forbidden', retryable: false });
    }
    expect(dialer.dialled.slice(before)).toEqual([`${PUBLIC}:80`, `${PUBLIC}:80`]);
  });
});
