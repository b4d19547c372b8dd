import { connect } from 'node:net';
import { Body, Controller, Get, HttpException, Param, Post, Query } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { served } from '../../test/support/served.js';
import { readConfig } from '../config/config.js';
import { Fault } from '../kernel/fault.js';
import { LogContext } from '../telemetry/log-context.js';
import { Metrics } from '../telemetry/metrics.registry.js';
import { PageQuery, pageOf } from './page.js';
import { Faults, Returns } from './returns.decorator.js';

const BODY_MAX_BYTES = 64 * 1_024;
const config = readConfig({
  DATABASE_URL: 'postgres://user:hunter2@db/intake',
  AUTH_MODE: 'disabled',
  LOG_LEVEL: 'silent',
  BODY_MAX_BYTES: String(BODY_MAX_BYTES),
});

const NewThing = z
  .strictObject({
    name: z.string().min(1).max(8),
    priority: z.int().min(0).max(9).default(1),
    kind: z.enum(['red', 'blue']),
    at: z.iso.datetime().optional(),
    inner: z.strictObject({ size: z.number() }),
    owner: z.union([z.string(), z.int().transform(String)]).optional(),
    extra: z.json().optional(),
  })
  .meta({ id: 'NewThing', examples: [{ name: 'bolt', kind: 'red', inner: { size: 3 } }] });
const Thing = z
  .object({ thing_id: z.string(), priority: z.int(), created_at: z.iso.datetime() })
  .meta({ id: 'Thing', examples: [{ thing_id: 't1', priority: 1, created_at: '2026-01-31T12:00:00Z' }] });
const thing = {
  thing_id: 't1',
  priority: 1,
  created_at: '2026-01-31T12:00:00Z',
  secret: 'not in the schema',
};
const ThingPath = z.object({ id: z.string().max(255) });

@Controller('api/things')
class ThingsController {
  @Post()
  @Returns(202, Thing, {
    summary: 'Submit a thing',
    headers: { Location: 'Where it is' },
    also: { 200: 'It was there' },
  })
  @Faults('task.exists')
  submit(@Body({ schema: NewThing }) body: z.output<typeof NewThing>) {
    return { ...thing, priority: body.priority };
  }

  @Get()
  @Returns(200, pageOf(Thing), { summary: 'List things' })
  list(@Query({ schema: PageQuery }) query: z.output<typeof PageQuery>) {
    return { data: Array.from({ length: query.limit }, () => thing), next_cursor: null };
  }

  @Get('context')
  @Returns(200, null, { summary: 'What log lines would say' })
  context() {
    return LogContext.fields();
  }

  @Post('context')
  @Returns(200, null, { summary: 'What log lines would say after a body' })
  contextAfterBody() {
    return LogContext.fields();
  }

  @Get('failing/:how')
  @Returns(200, Thing, { summary: 'Fail' })
  fail(@Param('how') how: string): z.input<typeof Thing> {
    if (how === 'unknown') throw new Error('SELECT secret FROM /etc/passwd');
    if (how === 'database') throw Object.assign(new Error('connect failed'), { code: 'ECONNREFUSED' });
    if (how === 'full')
      throw new Fault('queue.full', 'Full.', { retryAfterSeconds: 1.2, internal: 'inside' });
    if (how === 'exists')
      throw new Fault('task.exists', 'There.', { extensions: { links: { task: '/api/tasks/1' } } });
    if (how === 'teapot') throw new HttpException('short and stout', 418);
    return { thing_id: 'without its other members' } as z.input<typeof Thing>;
  }

  @Get('parts/:part_id')
  @Returns(200, null, { summary: 'One part' })
  part(@Param('part_id', { schema: z.uuid() }) id: string) {
    return id;
  }

  @Get(':id')
  @Returns(200, Thing, { summary: 'One thing' })
  @Faults('task.not_found')
  one(@Param({ schema: ThingPath }) { id }: z.output<typeof ThingPath>) {
    if (id === 'none') throw new Fault('task.not_found', 'There is no thing of this id.');
    return { ...thing, thing_id: id };
  }
}

let app: NestFastifyApplication;
let origin: string;

beforeAll(async () => {
  ({ app, origin } = await served(ThingsController, config));
});
afterAll(() => app.close());

async function call(path: string, init: RequestInit = {}) {
  const response = await fetch(origin + path, { signal: AbortSignal.timeout(10_000), ...init });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json');
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson ? JSON.parse(text) : undefined,
  };
}

function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return call(path, {
    method: 'POST',
    body: text,
    headers: { 'content-type': 'application/json', ...headers },
  });
}

const valid = { name: 'bolt', kind: 'red', inner: { size: 3 } };

describe('an answer', () => {
  it('has the status and only the members that @Returns names', async () => {
    const { status, body } = await post('/api/things', valid);
    expect(status).toBe(202);
    expect(body).toEqual({ thing_id: 't1', priority: 1, created_at: '2026-01-31T12:00:00Z' });
  });

  it('is the same without /api, query and escapes included', async () => {
    expect((await call('/things?limit=3')).body.data).toHaveLength(3);
    expect((await call('/things/a%2Fb%20%F0%9F%8E%89')).body.thing_id).toBe('a/b 🎉');
    expect((await post('/things', valid)).status).toBe(202);
  });

  it('has fifty rows unless a limit is given', async () => {
    expect((await call('/api/things')).body.data).toHaveLength(50);
  });

  it('takes ids of 255 characters, percent-encoded', async () => {
    const id = '🧾'.repeat(127);
    expect((await call(`/api/things/${encodeURIComponent(id)}`)).body.thing_id).toBe(id);
  });

  it('carries security headers and no server name', async () => {
    const { headers } = await call('/api/things');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(headers.get('x-powered-by')).toBeNull();
  });
});

describe('a request id', () => {
  it('is accepted, echoed and put into the log context, with the trace', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const headers = { 'x-request-id': 'abc.123', traceparent };
    const got = await call('/api/things/context', { headers });
    expect(got.headers.get('x-request-id')).toBe('abc.123');
    expect(got.body).toEqual({ request_id: 'abc.123', traceparent });
    expect((await post('/api/things/context', { any: 'body' }, headers)).body).toEqual(got.body);
  });

  it.each(['', 'with space', 'x'.repeat(129), 'a"b'])('%j is replaced by a new one', async (given) => {
    const { headers } = await call('/api/things', { headers: { 'x-request-id': given } });
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  });

  it('stands in the problem too', async () => {
    const { headers, body } = await call('/api/things/none');
    expect(body.request_id).toBe(headers.get('x-request-id'));
  });
});

describe('a problem', () => {
  it('404 has the whole shape', async () => {
    const { status, headers, body } = await call('/api/things/none', { headers: { 'x-request-id': 'r1' } });
    expect(status).toBe(404);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(body).toEqual({
      type: 'urn:intake:fault:task.not_found',
      title: 'There is no such task',
      status: 404,
      detail: 'There is no thing of this id.',
      code: 'task.not_found',
      request_id: 'r1',
    });
  });

  it.each(['/api/nothing', '/nothing', '/', '/health/nothing', '/docs/nothing', '//', '/api/things/a/b/c'])(
    '404 route.not_found: %s',
    async (path) => {
      const { status, body } = await call(path);
      expect([status, body.code]).toEqual([404, 'route.not_found']);
    },
  );

  it('404 route.not_found names what was asked for, not what it was rewritten to', async () => {
    expect((await call('/nothing?token=abc')).body.detail).toBe(
      'There is no GET /nothing; /docs lists what there is.',
    );
  });

  it('400 for what is no URL', async () => {
    expect((await call('/api/things/%E0%A4%A')).body).toMatchObject({
      status: 400,
      code: 'request.malformed',
    });
  });

  it.each([
    ['broken JSON', '{"name": x}'],
    ['a key that poisons prototypes', '{"__proto__": {"admin": true}}'],
    ['the same behind an escape', '{"\\u005f_proto__": {"admin": true}}'],
    ['nesting without end', '['.repeat(60_000)],
  ])('400 for %s', async (_, text) => {
    expect((await post('/api/things', text)).body).toMatchObject({ status: 400, code: 'request.malformed' });
  });

  it('400 for text that is not UTF-8', async () => {
    const body = Buffer.from([0x22, 0xff, 0xfe, 0x22]);
    const headers = { 'content-type': 'application/json' };
    expect((await call('/api/things', { method: 'POST', body, headers })).status).toBe(400);
  });

  it('415 says what to send instead', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml']) {
      const { status, body } = await post('/api/things', 'a=b', { 'content-type': type });
      expect([status, body.code]).toEqual([415, 'request.unsupported_media_type']);
      expect(body.detail).toContain('application/json');
    }
  });

  it('415 for a compressed body says to send it as it is', async () => {
    for (const encoding of ['gzip', 'deflate', 'br']) {
      const { status, body } = await post('/api/things', valid, { 'content-encoding': encoding });
      expect([status, body.code]).toEqual([415, 'request.unsupported_media_type']);
      expect(body.detail).toContain('Content-Encoding');
    }
    expect((await post('/api/things', valid, { 'content-encoding': 'identity' })).status).toBe(202);
  });

  it('413 names the limit, with and without a length', async () => {
    const bytes = Buffer.alloc(BODY_MAX_BYTES + 1, 0x20);
    const chunked = new ReadableStream({
      start(controller) {
        controller.enqueue(bytes);
        controller.close();
      },
    });
    for (const body of [bytes, chunked]) {
      const init = { method: 'POST', body, duplex: 'half', headers: { 'content-type': 'application/json' } };
      const got = await call('/api/things', init as RequestInit);
      expect([got.status, got.body.code]).toEqual([413, 'request.too_large']);
      expect(got.body.detail).toContain(String(BODY_MAX_BYTES));
    }
  });

  it.each([
    ['/api/things/a%00b', 'id'],
    ['/api/things/failing/%00', 'how'],
    ['/api/things?cursor=%00', 'cursor'],
  ])('422 for a NUL that no query could hold: %s', async (path, field) => {
    const { status, body } = await call(path);
    expect([status, body.code, body.errors[0].path]).toEqual([422, 'request.invalid', field]);
  });

  it('422 for what no query could hold in a body, but for the payload, which a submit judges', async () => {
    const odd = { ...valid, inner: { size: 3, note: 'a\0b' }, extra: ['\ud800'] };
    const { status, body } = await post('/api/things', odd);
    expect([status, body.errors.map(({ path }: { path: string }) => path)]).toEqual([
      422,
      ['inner.note', 'extra.0'],
    ]);
    expect((await post('/api/things', { ...valid, payload: { a: '\0' } })).body.errors).toEqual([
      { path: 'payload', message: 'is not known here; remove it or check its spelling' },
    ]);
  });

  it('422 for a parameter names it', async () => {
    const { status, body } = await call('/api/things/parts/x');
    expect([status, body.errors]).toEqual([422, [{ path: 'part_id', message: 'must be a UUID' }]]);
  });

  it('422 names every fault of a body', async () => {
    const wrong = {
      name: 'much too long',
      priority: 10.5,
      kind: 'green',
      at: 'noon',
      inner: { size: '3', siez: 1 },
      x: 1,
      y: 2,
    };
    const { status, body } = await post('/api/things', wrong);
    expect([status, body.code]).toEqual([422, 'request.invalid']);
    expect(
      new Set(body.errors.map(({ path, message }: Record<string, string>) => `${path} ${message}`)),
    ).toEqual(
      new Set([
        'name must have at most 8 characters',
        'priority must be a whole number',
        'kind must be one of "red", "blue"',
        'at must be a time such as 2026-01-31T12:00:00Z',
        'inner.size must be a number',
        'inner.siez is not known here; remove it or check its spelling',
        'x is not known here; remove it or check its spelling',
        'y is not known here; remove it or check its spelling',
      ]),
    );
  });

  it('422 for a body that is missing or empty', async () => {
    for (const body of ['', 'null', '[]']) {
      expect((await post('/api/things', body)).body).toMatchObject({ status: 422, errors: [{ path: '' }] });
    }
    expect((await call('/api/things', { method: 'POST' })).status).toBe(422);
  });

  it('422 for a query and for a path', async () => {
    const query = await call('/api/things?limit=201&offset=3');
    expect(query.body.errors).toEqual([
      { path: 'limit', message: 'must be at most 200' },
      { path: 'offset', message: 'is not known here; remove it or check its spelling' },
    ]);
    const path = await call(`/api/things/${'x'.repeat(256)}`);
    expect(path.body.errors).toEqual([{ path: 'id', message: 'must have at most 255 characters' }]);
  });

  it('409 carries the members that the fault adds', async () => {
    const { body } = await call('/api/things/failing/exists');
    expect(body).toMatchObject({ status: 409, code: 'task.exists', links: { task: '/api/tasks/1' } });
  });

  it('418 and other refusals become a malformed request', async () => {
    expect((await call('/api/things/failing/teapot')).body).toMatchObject({
      status: 400,
      detail: 'short and stout',
    });
  });

  it('500 says nothing of what happened inside', async () => {
    for (const how of ['unknown', 'serialisation']) {
      const { status, text, body } = await call(`/api/things/failing/${how}`);
      expect([status, body.code]).toEqual([500, 'internal']);
      expect(text).not.toMatch(/SELECT|passwd|Error|at |\.ts|thing_id/);
    }
  });

  it('503 says when to come back', async () => {
    const full = await call('/api/things/failing/full');
    expect([full.status, full.headers.get('retry-after')]).toEqual([503, '2']);
    expect(full.text).not.toContain('inside');
    const database = await call('/api/things/failing/database');
    expect([database.status, database.body.code]).toEqual([503, 'database.unavailable']);
    expect(Number(database.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('400 answers bytes that are no HTTP', async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(origin).port), '127.0.0.1', () =>
        socket.write('NONSENSE\r\n\r\n'),
      );
      let text = '';
      socket
        .on('data', (chunk) => (text += chunk))
        .on('end', () => resolve(text))
        .on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1.1 400 .*"code":"request.malformed"/s);
  });
});

describe('the metrics of HTTP', () => {
  it('count by route, never by path', async () => {
    await call('/api/things/some-id');
    const text = await app.get(Metrics).text();
    expect(text).toMatch(
      /intake_http_request_duration_seconds_count\{method="GET",route="\/api\/things\/:id",status="200"\} \d/,
    );
    expect(text).not.toContain('some-id');
  });
});
