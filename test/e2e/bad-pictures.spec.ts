import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ImageResult } from '../../src/images/images.contract.js';
import { treeBytes } from '../support/child-memory.js';
import { eventually } from '../support/eventually.js';
import { badPictures, type BadPicture } from '../support/hostile-pictures.js';
import { discAndBar } from '../support/made-pictures.js';
import { Deployment, type IntakeProcess } from '../support/processes.js';

const MAX_BYTES = 2_000_000;
const PATIENT = { timeoutMs: 60_000 };

/** The field that is to be mended, the limit where there is one, and what to do. */
const TEXTS: Record<string, RegExp> = {
  'image.empty': /^file: .*send/,
  'image.unsupported': /^file: .*[Ss]end/,
  'image.corrupt': /^file: .*Send/,
  'image.too_large': /^file: .*50\.0 million.*Send/,
  'image.too_many_frames': /^file: .*1000 .*Send/,
};

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

describe('bad pictures through the API', () => {
  let deployment: Deployment;
  let worker: IntakeProcess;
  let copies: string;
  let host: Server;
  let hostUrl = '';
  let good: Buffer;
  const answers = new Map<string, Answer>();
  const asked: string[] = [];

  beforeAll(async () => {
    good = await discAndBar().png().toBuffer();
    host = createServer((request, response) => {
      asked.push(request.url ?? '');
      answers.get(request.url ?? '')?.(response, request);
    }).listen(0, '127.0.0.1');
    await once(host, 'listening');
    hostUrl = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
    copies = mkdtempSync(join(tmpdir(), 'bad-pictures-'));
    deployment = await Deployment.start('postgres', { UPLOAD_MAX_BYTES: String(MAX_BYTES), TMPDIR: copies });
    ({ worker } = deployment);
  });

  afterAll(async () => {
    host?.closeAllConnections();
    host?.close();
    await deployment?.stop();
    rmSync(copies, { recursive: true, force: true });
  });

  const upload = async (name: string, bytes: Uint8Array) => {
    const form = new FormData();
    form.set('product_id', name);
    form.set('file', new Blob([bytes]), name);
    const response = await fetch(`${deployment.url}/api/images`, { method: 'POST', body: form });
    return ((await response.json()) as { task_id: string }).task_id;
  };
  const ended = (taskId: string) => deployment.client.waitFor(taskId, PATIENT);
  const run = async (name: string, bytes: Uint8Array) => ended(await upload(name, bytes));
  /** At a path of the host that answers so. */
  const outcome = async (path: string, answer: Answer) => {
    answers.set(path, answer);
    const image_path = hostUrl + path;
    const { task_id } = await deployment.client.queue.enqueue({ image_path, product_id: path });
    return ended(task_id);
  };
  const leftCopies = () => readdirSync(copies).filter((name) => name.startsWith('intake-source-'));
  const times = (path: string) => asked.filter((each) => each === path).length;

  it(
    'ends each in its documented way, in words that help, and the next one runs',
    { timeout: 240_000 },
    async () => {
      const pictures = await badPictures(`${hostUrl}/drawn`);
      expect((await run('first.png', good)).status).toBe('completed');
      const before = await treeBytes(worker.pid);
      const wrong: unknown[] = [];
      const look = async ({ name, bytes, faults }: BadPicture) => {
        const [bad, next] = await Promise.all([run(name, bytes), run(`after ${name}`, good)]);
        const { status, reason, attempts, error } = bad;
        const isRead = faults.length === 0;
        const isRight = isRead
          ? status === 'completed'
          : reason === 'permanent' && faults.some((fault) => fault === error?.code);
        const isTold = isRead || TEXTS[error?.code ?? '']?.test(error?.message ?? '');
        if (!isRight || !isTold || attempts !== 1) wrong.push({ name, status, reason, attempts, error });
        if (next.status !== 'completed' || next.attempts !== 1)
          wrong.push({ after: name, error: next.error });
      };
      await Promise.all(pictures.map(look));
      expect(wrong).toEqual([]);
      expect(worker.alive).toBe(true);
      expect(await treeBytes(worker.pid)).toBeLessThan(before * 2);
      expect(times('/drawn')).toBe(0);
      await eventually(() => leftCopies().length === 0, PATIENT);
    },
  );

  it('hands out what is two things at once as the picture that it was read as', async () => {
    const isTwo = ['script.gif', 'markup-within.jpg', 'archive.jpg'];
    for (const { name, bytes } of (await badPictures()).filter((each) => isTwo.includes(each.name))) {
      expect((await run(name, bytes)).status).toBe('completed');
      const file = await fetch(`${deployment.url}/api/images/${name}/file`);
      expect(Object.fromEntries(file.headers)).toMatchObject({
        'content-type': name.endsWith('.gif') ? 'image/gif' : 'image/jpeg',
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; sandbox",
      });
      expect(Buffer.from(await file.arrayBuffer()).equals(bytes)).toBe(true);
      const thumbnail = Buffer.from(await deployment.client.images.thumbnail(name)).toString('latin1');
      expect([thumbnail.includes('script'), thumbnail.includes('PK')]).toEqual([false, false]);
    }
  });

  it('ends a picture behind a URL for good where trying again cannot help', async () => {
    const endless: Answer = (response) => {
      const more = () => {
        while (response.write(Buffer.alloc(16_384, 'x')));
      };
      response.on('drain', more);
      more();
    };
    const cut: Answer = (response) =>
      void response.socket?.end(
        `HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n${good.toString('latin1')}`,
        'latin1',
      );
    const page: Answer = (response) =>
      response.setHeader('content-type', 'image/jpeg').end('<!doctype html>');
    const loop: Answer = (response) => response.writeHead(302, { location: '/loop' }).end();
    const inward: Answer = (response) =>
      response.writeHead(307, { location: 'http://169.254.169.254/' }).end();
    for (const [path, answer, code, text] of [
      ['/endless', endless, 'source.too_large', /^image_path: .*2000000 bytes.*Send/],
      ['/cut', cut, 'image.corrupt', /^image_path: .*Send/],
      ['/page', page, 'image.unsupported', /^image_path: .*send JPEG/],
      ['/loop', loop, 'source.refused', /^image_path: .*more than 5 times.*Name/],
      ['/inward', inward, 'outbound.forbidden', /^image_path: .*OUTBOUND_ALLOW/],
    ] satisfies Array<[string, Answer, string, RegExp]>) {
      const { status, reason, attempts, error } = await outcome(path, answer);
      expect([path, status, reason, attempts, error?.code]).toEqual([path, 'failed', 'permanent', 1, code]);
      expect(error?.message).toMatch(text);
    }
    expect(times('/loop')).toBe(6);
    // Whatever is dialled outside of this machine throws there, and is told.
    expect(worker.output).not.toContain('tried to connect');
  });

  it('tries again what may mend behind a URL, and believes the bytes more than their host', async () => {
    const mending = await outcome('/mends', (response) => {
      if (times('/mends') === 1) response.writeHead(500).end();
      else response.setHeader('content-type', 'text/html').end(good);
    });
    expect(mending).toMatchObject({ status: 'completed', attempts: 2 });
    expect(ImageResult.parse(mending.result)).toMatchObject({ content_type: 'image/png' });
    const short = await outcome('/short', (response) => {
      response.writeHead(200, { 'content-length': good.length + 1 });
      response.write(good, () => response.destroy());
    });
    expect(short).toMatchObject({
      status: 'failed',
      reason: 'exhausted',
      attempts: 3,
      error: { code: 'outbound.incomplete' },
    });
  });

  it('lets go of a picture that never comes to its end when its time is over', async () => {
    const closed = new Promise((resolve) => {
      answers.set('/drips', (response) => {
        const drip = setInterval(() => response.write('x'), 20);
        response.once('close', () => resolve(clearInterval(drip)));
      });
    });
    const { task_id } = await deployment.client.tasks.submit({
      type: 'images.index',
      payload: { image_path: `${hostUrl}/drips`, product_id: 'drips' },
      timeout_ms: 1_500,
      max_attempts: 1,
    });
    const { status, reason, error } = await ended(task_id);
    expect([status, reason, error?.code]).toEqual(['failed', 'timeout', 'handler.timeout']);
    await closed;
    expect((await run('after drips', good)).status).toBe('completed');
    await eventually(() => leftCopies().length === 0, PATIENT);
  });
});
