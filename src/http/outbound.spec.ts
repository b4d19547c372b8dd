import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CertificateAuthority } from '../../test/support/certificates.js';
import { LoopbackDialer, ScriptedResolver } from '../../test/support/outbound-ports.js';
import { startOf } from './outbound-body.js';
import { Outbound, type OutboundRequest } from './outbound.js';
import { OutboundPolicy } from './outbound-policy.js';

const PUBLIC = '93.184.216.34';
const OTHER = '93.184.216.35';

describe('the way out', () => {
  let server: Server;
  let port: number;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  let seen: IncomingMessage[];

  beforeEach(async () => {
    seen = [];
    answer = (_request, response) => response.end('hello');
    server = createServer((request, response) => {
      seen.push(request);
      answer(request, response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const outbound = (names: ConstructorParameters<typeof ScriptedResolver>[0] = {}, allowLoopback = false) => {
    const resolver = new ScriptedResolver(names);
    const dialer = new LoopbackDialer({ [PUBLIC]: port, [OTHER]: port });
    const policy = new OutboundPolicy({ allow: [], allowLoopback });
    return { client: new Outbound(policy, resolver, dialer), resolver, dialer };
  };
  const asking = (url: string, more: Partial<OutboundRequest> = {}): OutboundRequest => ({
    url,
    limits: { totalMs: 10_000, maxBytes: 1_000 },
    ...more,
  });
  const limits = (more: Partial<OutboundRequest['limits']>) => ({
    totalMs: 10_000,
    maxBytes: 1_000,
    ...more,
  });

  it('dials the address that was checked, under the name that was asked for', async () => {
    const { client, resolver, dialer } = outbound({ 'hooks.example': [[PUBLIC]] });
    const sent = await client.send(
      asking('http://hooks.example:8080/a?b=c', { method: 'POST', body: '{"ü":1}', headers: { x: 'y' } }),
    );
    expect([sent.status, await text(sent.body)]).toEqual([200, 'hello']);
    expect(resolver.asked).toEqual(['hooks.example']);
    expect(dialer.dialled).toEqual([`${PUBLIC}:8080`]);
    expect(seen[0]).toMatchObject({ url: '/a?b=c', method: 'POST' });
    expect(seen[0]?.headers).toMatchObject({
      host: 'hooks.example:8080',
      'content-length': '8',
      'accept-encoding': 'identity',
      connection: 'close',
      x: 'y',
    });
  });

  it('asks for a proof of the name at the address that was checked, and says when there is none', async () => {
    const named: string[] = [];
    const impostor = createTlsServer({
      ...new CertificateAuthority('nobody trusts').issue('hooks.example'),
      SNICallback: (name, done) => (named.push(name), done(null)),
    });
    impostor.listen(0, '127.0.0.1');
    await once(impostor, 'listening');
    ({ port } = impostor.address() as AddressInfo);
    const away = '93.184.216.36';
    const { client, dialer } = outbound({ 'hooks.example': [[PUBLIC, away]] });
    const detail = 'The host shows a certificate of an authority that is not trusted here';
    const refused = { code: 'outbound.unreachable', detail };
    await expect(client.send(asking('https://hooks.example/'))).rejects.toMatchObject(refused);
    expect(dialer.dialled).toEqual([`${PUBLIC}:443`, `${away}:443`]);
    expect(named).toEqual(['hooks.example']);
    impostor.close();
  });

  it('does not dial a name that changes its mind, nor one with a single private address', async () => {
    const { client, dialer } = outbound({
      'rebinding.example': [[PUBLIC], ['127.0.0.1']],
      'mixed.example': [[PUBLIC, '::ffff:10.0.0.1']],
    });
    (await client.send(asking('http://rebinding.example/'))).body.destroy();
    for (const url of ['http://rebinding.example/', 'http://mixed.example/']) {
      await expect(client.send(asking(url))).rejects.toMatchObject({ code: 'outbound.forbidden' });
    }
    expect(dialer.dialled).toEqual([`${PUBLIC}:80`]);
  });

  it('tries the next address when one refuses', async () => {
    const { client, dialer } = outbound({ 'hooks.example': [['93.184.216.99', PUBLIC]] });
    expect((await client.send(asking('http://hooks.example/'))).status).toBe(200);
    expect(dialer.dialled).toEqual(['93.184.216.99:80', `${PUBLIC}:80`]);
  });

  it('says what is unreachable, and what is unknown', async () => {
    const { client } = outbound({ 'hooks.example': [['93.184.216.99']] });
    await expect(client.send(asking('http://hooks.example/'))).rejects.toMatchObject({
      code: 'outbound.unreachable',
      detail: 'The host cannot be reached: EHOSTUNREACH',
    });
    await expect(client.send(asking('http://nobody.example/'))).rejects.toMatchObject({
      code: 'outbound.unreachable',
    });
  });

  it('follows no redirect unless asked to, and checks each hop when asked', async () => {
    answer = ({ url }, response) => {
      const to = { '/1': 'http://other.example/2', '/2': '/3', '/in': 'http://10.0.0.1/' }[url ?? ''];
      response.writeHead(to ? 302 : 200, to ? { location: to } : {}).end('there');
    };
    const { client, dialer } = outbound({ 'hooks.example': [[PUBLIC]], 'other.example': [[OTHER]] });
    const still = await client.send(asking('http://hooks.example/1'));
    expect(still.status).toBe(302);
    still.body.destroy();
    const moved = await client.send(
      asking('http://hooks.example/1', { limits: limits({ maxRedirects: 2 }) }),
    );
    expect([moved.status, moved.url]).toEqual([200, 'http://other.example/3']);
    moved.body.destroy();
    const tooFar = await client.send(
      asking('http://hooks.example/1', { limits: limits({ maxRedirects: 1 }) }),
    );
    expect(tooFar.status).toBe(302);
    tooFar.body.destroy();
    const inwards = client.send(asking('http://hooks.example/in', { limits: limits({ maxRedirects: 5 }) }));
    await expect(inwards).rejects.toMatchObject({ code: 'outbound.forbidden' });
    expect(dialer.dialled.filter((to) => to.startsWith('10.'))).toEqual([]);
  });

  it.each(['with', 'without'])('cuts off a body that is too long, %s a length', async (announced) => {
    answer = (_request, response) => {
      if (announced === 'with') response.setHeader('content-length', 2_000);
      response.end('x'.repeat(2_000));
    };
    const { body } = await outbound({ 'hooks.example': [[PUBLIC]] }).client.send(
      asking('http://hooks.example/'),
    );
    await expect(text(body)).rejects.toMatchObject({ code: 'outbound.too_large' });
  });

  it('waits no longer than told for the answer, nor for the rest of it', async () => {
    const { client } = outbound({ 'hooks.example': [[PUBLIC]] });
    const impatient = () =>
      client.send(asking('http://hooks.example/', { limits: limits({ totalMs: 200 }) }));
    answer = () => {};
    await expect(impatient()).rejects.toMatchObject({ code: 'outbound.timeout' });
    answer = (_request, response) => response.write('a');
    const { body } = await impatient();
    await expect(text(body)).rejects.toMatchObject({ code: 'outbound.timeout' });
  });

  it('waits no longer than told for a name', async () => {
    const { client } = outbound({ 'slow.example': [new Promise(() => {})] });
    const asked = client.send(asking('http://slow.example/', { limits: limits({ connectMs: 50 }) }));
    await expect(asked).rejects.toMatchObject({ code: 'outbound.timeout' });
  });

  it('stops when whoever asked does', async () => {
    const stop = new AbortController();
    answer = () => stop.abort(new Error('shutdown'));
    const asked = outbound({ 'hooks.example': [[PUBLIC]] }).client.send(
      asking('http://hooks.example/', { signal: stop.signal }),
    );
    await expect(asked).rejects.toThrow('shutdown');
  });

  it('shows how an answer begins, also when it breaks off', async () => {
    answer = (_request, response) => {
      response.writeHead(500);
      response.write('sorry', () => response.destroy());
    };
    const { body } = await outbound({ 'hooks.example': [[PUBLIC]] }).client.send(
      asking('http://hooks.example/'),
    );
    expect(await startOf(body, 3)).toBe('sor');
  });

  it('hears no proxy of the environment', async () => {
    process.env.HTTP_PROXY = 'http://127.0.0.1:9/';
    try {
      const { client, dialer } = outbound({}, true);
      expect((await client.send(asking(`http://127.0.0.1:${port}/`))).status).toBe(200);
      expect(dialer.dialled).toEqual([`127.0.0.1:${port}`]);
    } finally {
      delete process.env.HTTP_PROXY;
    }
  });

  it('tells beforehand what is plainly forbidden; a name that nobody answers for is not', async () => {
    const { client, dialer } = outbound({
      'private.example': [['10.0.0.1']],
      'public.example': [[PUBLIC]],
      'slow.example': [new Promise(() => {})],
    });
    for (const url of ['http://private.example/', 'http://127.0.0.1/', 'ftp://public.example/']) {
      await expect(client.inspect(url, 50)).rejects.toMatchObject({ code: 'outbound.forbidden' });
    }
    for (const url of ['http://public.example/', 'http://slow.example/', 'http://nobody.example/']) {
      await client.inspect(url, 50);
    }
    expect(dialer.dialled).toEqual([]);
  });
});
