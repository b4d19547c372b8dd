import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { served } from '../../test/support/served.js';
import { readConfig } from '../config/config.js';
import { schemaConverter } from './openapi-schemas.js';
import { PageQuery, pageOf } from './page.js';
import { Faults, Returns } from './returns.decorator.js';
import { UploadBody, UploadOrJsonBody } from './upload.js';

const config = readConfig({
  DATABASE_URL: 'postgres://db/intake',
  AUTH_MODE: 'disabled',
  LOG_LEVEL: 'silent',
});

const NewThing = z
  .strictObject({
    name: z.string(),
    priority: z.int().default(1),
    owner: z.union([z.string(), z.int().transform(String)]).optional(),
    extra: z.json().optional(),
  })
  .meta({ id: 'NewThing', examples: [{ name: 'bolt' }] });
const Thing = z
  .object({ thing_id: z.string(), created_at: z.iso.datetime() })
  .meta({ id: 'Thing', examples: [{ thing_id: 't1', created_at: '2026-01-31T12:00:00Z' }] });
const Note = z
  .strictObject({ note: z.string(), size: z.int().optional() })
  .meta({ examples: [{ note: 'fragile' }] });
const Wanted = z.strictObject({ text: z.string() }).meta({ id: 'Wanted', examples: [{ text: 'bolt' }] });
const thing = { thing_id: 't1', created_at: '2026-01-31T12:00:00Z' };

@Controller('api/things')
class ThingsController {
  @Post()
  @Returns(202, Thing, {
    summary: 'Submit a thing',
    headers: { Location: 'Where it is' },
    also: { 200: 'It was there' },
  })
  @Faults('task.exists')
  submit(@Body({ schema: NewThing }) _body: z.output<typeof NewThing>) {
    return thing;
  }

  @Get()
  @Returns(200, pageOf(Thing), { summary: 'List things' })
  list(@Query({ schema: PageQuery }) _query: z.output<typeof PageQuery>) {
    return { data: [thing], next_cursor: null };
  }

  @Post('upload')
  @UploadBody(Note)
  @Returns(201, Thing, { summary: 'Upload a thing' })
  upload() {
    return thing;
  }

  @Post('search')
  @UploadOrJsonBody(Wanted, Note)
  @Returns(200, Thing, { summary: 'Find a thing by words, or by a file' })
  search() {
    return thing;
  }
}

let app: NestFastifyApplication;
let origin: string;

beforeAll(async () => {
  ({ app, origin } = await served(ThingsController, config));
});
afterAll(() => app.close());

async function call(path: string) {
  const response = await fetch(origin + path, { signal: AbortSignal.timeout(10_000) });
  const text = await response.text();
  return { status: response.status, text, body: path.endsWith('.json') ? JSON.parse(text) : undefined };
}

describe('the documentation', () => {
  it('lists each route once, below /api, with a summary, an example and every status', async () => {
    const { body } = await call('/docs/openapi.json');
    expect(Object.keys(body.paths)).toEqual(['/api/things', '/api/things/upload', '/api/things/search']);
    const submit = body.paths['/api/things'].post;
    expect(submit.summary).toBe('Submit a thing');
    expect(Object.keys(submit.responses)).toEqual([
      '200',
      '202',
      '400',
      '409',
      '413',
      '415',
      '422',
      '500',
      '503',
    ]);
    expect(submit.responses['202'].headers.Location).toBeDefined();
    const { examples } = submit.responses['409'].content['application/problem+json'];
    expect(examples['task.exists'].value.status).toBe(409);
    expect(Object.keys(body.components.securitySchemes)).toHaveLength(2);
    expect(body.components.schemas.Problem.description).toContain('| `task.exists` | 409 |');
  });

  it('shows schemas as they stand on the wire', async () => {
    const { body } = await call('/docs/openapi.json');
    const { schema } = body.paths['/api/things'].post.requestBody.content['application/json'];
    expect(schema).toEqual({ $ref: '#/components/schemas/NewThingInput' });
    expect(body.components.schemas.NewThingInput.example).toEqual({ name: 'bolt' });
    expect(body.components.schemas.Thing.properties.created_at).toEqual({
      type: 'string',
      format: 'date-time',
    });
    const form = body.paths['/api/things/upload'].post.requestBody.content['multipart/form-data'].schema;
    expect(form).toMatchObject({ properties: { file: { format: 'binary' } }, required: ['file', 'note'] });
    const page = body.paths['/api/things'].get;
    expect(page.parameters.map(({ name }: { name: string }) => name)).toEqual(['limit', 'cursor']);
  });

  it('shows the fields of a form with what Swagger UI can send as it is', async () => {
    const { body } = await call('/docs/openapi.json');
    const form = {
      type: 'object',
      properties: {
        file: { type: 'string', format: 'binary' },
        note: { type: 'string', example: 'fragile' },
        size: expect.objectContaining({ example: '' }),
      },
      required: ['file', 'note'],
    };
    const upload = body.paths['/api/things/upload'].post.requestBody.content;
    expect(upload).toEqual({ 'multipart/form-data': { schema: form } });
    const search = body.paths['/api/things/search'].post.requestBody.content;
    expect(search['multipart/form-data']).toEqual({ schema: form });
    expect(search['application/json'].schema).toMatchObject({
      properties: { text: { type: 'string' } },
      required: ['text'],
      example: { text: 'bolt' },
    });
  });

  it('resolves every reference', async () => {
    const { text, body } = await call('/docs/openapi.json');
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      expect(Object.keys(body.components.schemas)).toContain(name);
    }
    expect(text).not.toContain('#/definitions/');
    expect(text).not.toMatch(/\$defs|__schema/);
  });

  it('names apart what looks different as input and as output, and what refers to it', async () => {
    const Inner = z.strictObject({ size: z.int().default(1) }).meta({ id: 'Inner' });
    const Outer = z.strictObject({ inner: Inner }).meta({ id: 'Outer' });
    const input = schemaConverter(Outer, { schemaType: 'input' });
    expect(input).toMatchObject({ schema: { $ref: '#/definitions/OuterInput' } });
    expect(JSON.stringify(input?.components)).toContain('"#/definitions/InnerInput"');
    const output = schemaConverter(Outer, { schemaType: 'output' });
    expect(Object.keys(output?.components ?? {})).toEqual(['Outer', 'Inner']);
  });

  it('comes as YAML too', async () => {
    const { status, text } = await call('/docs/openapi.yaml');
    expect(status).toBe(200);
    expect(text).toMatch(/^openapi: 3\.0\./);
  });

  it('shows Swagger UI from files of our own', async () => {
    const page = await call('/docs');
    expect(page.status).toBe(200);
    const assets = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(
      ([, url = '']) => new URL(url, `${origin}/docs`),
    );
    expect(assets.length).toBeGreaterThan(3);
    for (const url of assets) {
      expect(url.origin).toBe(origin);
      expect((await call(url.pathname)).status).toBe(200);
    }
    expect(page.text).not.toMatch(/<script(?![^>]*src=)[^>]*>\s*\S/);
  });
});
