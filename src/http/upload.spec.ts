import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Controller, Get, Post, Req } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { served } from '../../test/support/served.js';
import { readConfig } from '../config/config.js';
import { Fault } from '../kernel/fault.js';
import { Returns } from './returns.decorator.js';
import { UploadBody, readUpload, type UploadedFile } from './upload.js';
import { parse } from './validation.js';

const MIB = 1024 * 1024;
const config = readConfig({
  DATABASE_URL: 'postgres://db/intake',
  AUTH_MODE: 'disabled',
  LOG_LEVEL: 'silent',
  UPLOAD_MAX_BYTES: String(64 * MIB),
});

const Tags = z.union([z.string(), z.array(z.string())]).optional();
const Fields = z.strictObject({
  document_id: z.string().max(255),
  note: z.string().optional(),
  tags: Tags,
});
const Stored = z.object({
  file_name: z.string(),
  content_type: z.string(),
  bytes: z.int(),
  sha256: z.string(),
  document_id: z.string(),
  tags: Tags,
});

/** What the sink did, for the tests to look at. */
const seen = { failed: 0, discarded: 0 };
let peakBytes = 0;

@Controller('api/files')
class FilesController {
  @Post()
  @Returns(201, Stored, { summary: 'Upload a file' })
  @UploadBody(Fields)
  async upload(@Req() request: FastifyRequest): Promise<z.input<typeof Stored>> {
    const sink = { write: measure, discard };
    const { fields, file } = await readUpload(request, config.uploadMaxBytes, sink, ['tags']);
    return { ...file, ...parse(Fields, fields) };
  }

  @Post('refused')
  @Returns(201, Stored, { summary: 'Refuse whatever comes, at its first bytes' })
  async refuse(@Req() request: FastifyRequest): Promise<z.input<typeof Stored>> {
    const { file } = await readUpload(request, config.uploadMaxBytes, { write: refuseFirstBytes, discard });
    return file;
  }

  @Get()
  @Returns(200, null, { summary: 'Alive' })
  alive() {
    return 'alive';
  }
}

async function measure({ fileName, contentType, stream }: UploadedFile) {
  const hash = createHash('sha256');
  let bytes = 0;
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      peakBytes = Math.max(peakBytes, process.memoryUsage().rss);
      done();
    },
  });
  try {
    await pipeline(stream, sink);
  } catch (error) {
    seen.failed += 1;
    throw error;
  }
  return { file_name: fileName, content_type: contentType, bytes, sha256: hash.digest('hex') };
}

async function refuseFirstBytes({ stream }: UploadedFile): Promise<never> {
  await once(stream, 'data');
  throw new Fault('document.unsupported', 'Not this.');
}

async function discard(): Promise<void> {
  seen.discarded += 1;
}

let app: NestFastifyApplication;
let origin: string;

beforeAll(async () => {
  ({ app, origin } = await served(FilesController, config));
});
afterAll(() => app.close());
beforeEach(() => Object.assign(seen, { failed: 0, discarded: 0 }));

interface Body {
  code: string;
  bytes: number;
  file_name: string;
  errors: Array<{ path: string; message: string }>;
}

interface Part {
  name: string;
  value?: string;
  file?: { name: string; content: string; type?: string };
}

async function upload(parts: Part[], path = '/api/files') {
  const form = new FormData();
  for (const { name, value, file } of parts) {
    if (file) form.append(name, new Blob([file.content], { type: file.type ?? 'text/plain' }), file.name);
    else form.append(name, value ?? '');
  }
  const response = await fetch(origin + path, {
    method: 'POST',
    body: form,
    signal: AbortSignal.timeout(10_000),
  });
  return { status: response.status, body: (await response.json()) as Body };
}

const hello = { name: 'file', file: { name: 'hello.txt', content: 'hello' } };
const id = { name: 'document_id', value: 'handbook' };

describe('an upload', () => {
  it('arrives whole, its fields before or after the file', async () => {
    const sha256 = createHash('sha256').update('hello').digest('hex');
    const stored = {
      file_name: 'hello.txt',
      content_type: 'text/plain',
      bytes: 5,
      sha256,
      document_id: 'handbook',
    };
    expect(await upload([id, hello])).toEqual({ status: 201, body: stored });
    expect(await upload([hello, id])).toEqual({ status: 201, body: stored });
    expect(await upload([hello, id], '/files')).toEqual({ status: 201, body: stored });
  });

  it('may be empty: that is the sink to judge', async () => {
    const { status, body } = await upload([id, { name: 'file', file: { name: 'a', content: '' } }]);
    expect([status, body.bytes]).toEqual([201, 0]);
  });

  it.each([
    ['emoji', '🧾 quittung — été.pdf'],
    ['500 characters', `${'ä'.repeat(496)}.pdf`],
    ['quotes', 'a "b" c.txt'],
  ])('keeps a name with %s', async (_, name) => {
    const { body } = await upload([id, { name: 'file', file: { name, content: 'x' } }]);
    expect(body.file_name).toBe(name.replaceAll('"', '%22'));
  });

  it('counts an empty field as not given, as browsers send what nobody filled in', async () => {
    const empty = { name: 'document_id', value: '' };
    expect((await upload([empty, hello])).body.errors).toEqual([
      { path: 'document_id', message: 'is missing; it is required' },
    ]);
    expect(await upload([empty, id, { name: 'x', value: '' }, hello])).toMatchObject({ status: 201 });
  });

  it('takes a list as a field that comes several times', async () => {
    const tag = (value: string) => ({ name: 'tags', value });
    expect(await upload([id, tag('a, b'), hello, tag('c'), tag('d')])).toMatchObject({
      status: 201,
      body: { tags: ['a, b', 'c', 'd'] },
    });
    expect(await upload([id, tag('a'), hello])).toMatchObject({ status: 201, body: { tags: 'a' } });
  });

  it('names every fault of its fields', async () => {
    const { status, body } = await upload([hello, { name: 'x', value: '1' }]);
    expect([status, body.code]).toEqual([422, 'request.invalid']);
    expect(body.errors).toEqual([
      { path: 'document_id', message: 'is missing; it is required' },
      { path: 'x', message: 'is not known here; remove it or check its spelling' },
    ]);
  });

  it.each<[string, Part[], string]>([
    ['no file', [id], 'file is missing; send the file as the part `file`'],
    ['two files', [hello, hello], 'file is there twice; send one file in a form'],
    [
      'a file of another name',
      [{ ...hello, name: 'upload' }],
      'upload is not known here; send the file as the part `file`',
    ],
    ['a field twice', [id, id, hello], 'document_id is there twice; send it once'],
    [
      'a huge field',
      [{ name: 'note', value: 'x'.repeat(300_000) }, hello],
      'note must have at most 262144 bytes',
    ],
  ])('with %s is refused', async (_, parts, fault) => {
    const { status, body } = await upload(parts);
    expect(status).toBe(422);
    expect(body.errors.map(({ path, message }) => `${path} ${message}`)).toEqual([fault]);
  });

  it('of two files leaves neither behind', async () => {
    await upload([hello, hello]);
    expect(seen.discarded).toBe(1);
  });

  it('must be a form', async () => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${origin}/api/files`, { method: 'POST', body: '{}', headers });
    expect([response.status, ((await response.json()) as Body).code]).toEqual([
      415,
      'request.unsupported_media_type',
    ]);
  });

  it.each(['multipart/form-data', 'multipart/form-data; boundary=x'])(
    'that is cut off is malformed: %s',
    async (type) => {
      const body = '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc';
      const response = await fetch(`${origin}/api/files`, {
        method: 'POST',
        body,
        headers: { 'content-type': type },
      });
      expect([response.status, ((await response.json()) as Body).code]).toEqual([400, 'request.malformed']);
    },
  );

  it('that is refused early still lets the caller read why', async () => {
    const { status, headers, text } = await sendBig(32 * MIB, { path: '/api/files/refused' });
    expect(status).toBe(422);
    expect(text).toContain('document.unsupported');
    expect(headers['content-type']).toContain('problem+json');
  });

  it('that its caller gives up reaches the sink as a failure', async () => {
    const gone = sendBig(32 * MIB, { leaveAfterBytes: 4 * MIB });
    await expect(gone).rejects.toThrow();
    await expect.poll(() => seen.failed, { timeout: 5_000 }).toBe(1);
  });
});

describe('an upload of twice the limit', () => {
  it('is 413 naming the limit, the sink fails, the connection ends', async () => {
    const { status, text, closed } = await sendBig(128 * MIB);
    expect(status).toBe(413);
    expect(JSON.parse(text)).toMatchObject({ code: 'request.too_large' });
    expect(text).toContain(String(64 * MIB));
    expect(seen.failed).toBe(1);
    await closed;
  });

  it('that goes on for ever is cut off after a while', async () => {
    const { status, closed } = await sendBig(Infinity, { keepAlive: true });
    expect(status).toBe(413);
    await closed;
  });

  it('is refused before its first byte when its length is known', async () => {
    const { status } = await sendBig(128 * MIB, { length: true });
    expect(status).toBe(413);
    expect(seen.failed).toBe(0);
  });

  it('does not raise memory', async () => {
    await upload([id, hello]);
    const before = process.memoryUsage().rss;
    peakBytes = 0;
    await sendBig(128 * MIB);
    expect((peakBytes - before) / MIB).toBeLessThan(48);
    expect(await (await fetch(`${origin}/api/files`)).text()).toBe('alive');
  });
});

interface Answer {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  text: string;
  /** Settles when the connection has ended. */
  closed: Promise<void>;
}

interface StreamOptions {
  path?: string;
  /** Whether the caller says how much will come. */
  length?: boolean;
  leaveAfterBytes?: number;
  keepAlive?: boolean;
}

/** Sends a form whose file has that many bytes, made while they are sent. */
function sendBig(
  sizeBytes: number,
  { path = '/api/files', length, leaveAfterBytes = Infinity, keepAlive = false }: StreamOptions = {},
) {
  const head = '--x\r\nContent-Disposition: form-data; name="file"; filename="big"\r\n\r\n';
  const tail = '\r\n--x--\r\n';
  const total = head.length + sizeBytes + tail.length;
  const headers = {
    'content-type': 'multipart/form-data; boundary=x',
    ...(length ? { 'content-length': total } : {}),
  };
  return new Promise<Answer>((resolve, reject) => {
    const request = httpRequest(
      origin + path,
      { method: 'POST', headers, agent: new Agent({ keepAlive }) },
      (response) => {
        const closed = new Promise<void>((done) => response.socket.once('close', () => done()));
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, closed }),
        );
      },
    );
    request.on('error', reject);
    Readable.from(body()).pipe(request);

    function* body() {
      yield head;
      const block = Buffer.alloc(64 * 1_024, 0x61);
      for (let sent = 0; sent < sizeBytes; sent += block.length) {
        if (sent >= leaveAfterBytes) request.destroy(new Error('left'));
        yield block;
      }
      yield tail;
    }
  });
}
