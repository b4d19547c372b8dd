import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DocumentResult } from '../../src/documents/documents.contract.js';
import { Deployment } from '../support/processes.js';
import { transports } from '../support/stack.js';

const SAMPLES = fileURLToPath(new URL('../../samples/documents/', import.meta.url));

describe.each(transports())('documents over the API, queue on %s', (transport) => {
  let deployment: Deployment;

  beforeAll(async () => {
    deployment = await Deployment.start(transport, { UPLOAD_MAX_BYTES: '2000000' });
  });

  afterAll(() => deployment?.stop());

  const fetchJson = async (path: string, init?: RequestInit) => {
    const response = await fetch(deployment.url + path, init);
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text ? (JSON.parse(text) as Record<string, unknown>) : {},
    };
  };
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetchJson(path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    });

  const store = (key: string, content: string | Uint8Array) => {
    const path = join(deployment.storageRoot, key);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, content);
  };
  const byKey = (document_id: string, r2_key: string, file_name = 'note.txt') => ({
    document_id,
    user_id: '7',
    file_name,
    r2_key,
  });

  const outcome = async (taskId: string) => {
    const task = await deployment.client.waitFor(taskId, { timeoutMs: 60_000 });
    return { task, result: task.status === 'completed' ? DocumentResult.parse(task.result) : null };
  };

  it('reads every sample and finds its words again', async () => {
    const files = readdirSync(SAMPLES);
    expect(new Set(files.map((file) => file.split('.').at(-1)))).toEqual(
      new Set(['txt', 'md', 'html', 'csv', 'pdf', 'docx', 'xlsx', 'pptx', 'odt', 'rtf', 'eml', 'jpg']),
    );
    const { client } = deployment;
    const results = await Promise.all(
      files.map(async (file) => {
        const accepted = await client.documents.upload(join(SAMPLES, file), {
          document_id: file,
          user_id: '7',
          file_name: file,
        });
        return { file, ...(await outcome(accepted.task_id)) };
      }),
    );
    for (const { file, task, result } of results) {
      expect({ file, status: task.status, error: task.error }).toEqual({
        file,
        status: 'completed',
        error: null,
      });
      const text = await client.documents.text(file);
      const { data: chunks } = await client.documents.chunks(file, { limit: 200 });
      expect(text.length).toBe(result?.characters);
      expect(chunks.length).toBe(Math.min(200, result?.chunks ?? 0));
      for (const { start_offset, end_offset, text: passage } of chunks)
        expect(text.slice(start_offset, end_offset)).toBe(passage);
      const { hits } = await client.documents.search({
        query: chunks[0]?.text ?? '',
        limit: 1,
        filter: { document_id: file },
      });
      expect(hits[0]).toMatchObject({ document_id: file, text: chunks[0]?.text });
    }
  });

  it('processes a key below the storage root, with or without /api', async () => {
    store('inbox/note.txt', 'The caretaker has the spare key.');
    for (const prefix of ['', '/api']) {
      const { status, body, headers } = await post(
        `${prefix}/documents/process`,
        byKey(`by-key${prefix}`, 'inbox/note.txt'),
      );
      expect(status).toBe(202);
      expect(headers.get('location')).toBe(`/api/tasks/${String(body.task_id)}`);
      expect(body).toMatchObject({ status: 'queued', queue: 'documents', document_id: `by-key${prefix}` });
      expect((await outcome(String(body.task_id))).result).toMatchObject({ pages: 1, chunks: 1 });
    }
  });

  it('names every fault of a bad request', async () => {
    const { status, body } = await post('/api/documents/process', {
      user_id: true,
      r2_key: 'a',
      file_path: 'b',
      priority: 12,
      colour: 1,
    });
    expect(status).toBe(422);
    const paths = (body.errors as Array<{ path: string }>).map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['document_id', 'user_id', 'priority', 'colour']));
    expect(body).toMatchObject({ code: 'request.invalid', request_id: expect.any(String) });
  });

  it('refuses a key that leaves the root at once', async () => {
    for (const key of ['../secret', '/etc/passwd', 'a/../../b', 'a\0b']) {
      const { status, body } = await post('/api/documents/process', byKey('escape', key));
      expect([key, status, body.code]).toEqual([
        key,
        422,
        key.includes('\0')
          ? expect.stringMatching(/path.forbidden|request.malformed|request.invalid/)
          : 'path.forbidden',
      ]);
    }
  });

  it('fails for good when the key holds no file', async () => {
    mkdirSync(join(deployment.storageRoot, 'folder'), { recursive: true });
    for (const [key, code] of [
      ['nowhere.txt', 'source.not_found'],
      ['folder', 'source.not_a_file'],
    ] as const) {
      const { body } = await post('/api/documents/process', byKey(`missing-${code}`, key));
      expect((await outcome(String(body.task_id))).task).toMatchObject({
        status: 'failed',
        reason: 'permanent',
        error: { code },
        attempts: 1,
      });
    }
  });

  it('keeps an odd name as text and refuses an upload over the limit', async () => {
    const name = `${'📄'.repeat(120)}${'n'.repeat(250)}.txt`;
    const form = (content: string) => {
      const data = new FormData();
      data.set('document_id', 'odd');
      data.set('user_id', '7');
      data.set('file', new Blob([content]), name);
      return data;
    };
    const ok = await fetchJson('/api/documents', { method: 'POST', body: form('Short and sweet.') });
    expect(ok.status).toBe(202);
    expect((await outcome(String(ok.body.task_id))).task.status).toBe('completed');
    expect((await fetchJson('/api/documents/odd')).body.file_name).toBe(name);
    const large = await fetchJson('/api/documents', { method: 'POST', body: form('x'.repeat(2_000_001)) });
    expect([large.status, large.body.code]).toEqual([413, 'request.too_large']);
  });

  it('replaces a document, recognises the same bytes, and forgets a deleted one', async () => {
    const run = async (content: string) => {
      store('doc.txt', content);
      const { body } = await post('/api/documents/process', byKey('doc', 'doc.txt'));
      return (await outcome(String(body.task_id))).result;
    };
    expect(await run('First version about glaciers.')).toMatchObject({ unchanged: false });
    expect(await run('First version about glaciers.')).toMatchObject({ unchanged: true });
    expect(await run('Second version about harbours.')).toMatchObject({ unchanged: false });
    expect(await deployment.client.documents.text('doc')).toBe('Second version about harbours.');
    const search = () =>
      deployment.client.documents.search({ query: 'harbours', filter: { document_id: 'doc' } });
    expect((await search()).hits).toHaveLength(1);
    await deployment.client.documents.delete('doc');
    expect((await search()).hits).toHaveLength(0);
    expect((await fetchJson('/api/documents/doc')).status).toBe(404);
  });

  it('answers an idempotency key with the first answer', async () => {
    store('once.txt', 'Only once.');
    const headers = { 'idempotency-key': 'order-1' };
    const first = await post('/api/documents/process', byKey('once', 'once.txt'), headers);
    const again = await post('/api/documents/process', byKey('once', 'once.txt'), headers);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const other = await post('/api/documents/process', byKey('other', 'once.txt'), headers);
    expect([other.status, other.body.code]).toEqual([422, 'idempotency.mismatch']);
  });

  it('leaves a document alone when the name of its new task is taken', async () => {
    store('named.txt', 'The first submission counts.');
    const first = await post('/api/documents/process', {
      ...byKey('named', 'named.txt'),
      task_id: 'named-1',
    });
    const second = await post('/api/documents/process', {
      ...byKey('named', 'named.txt'),
      task_id: 'named-1',
    });
    expect([second.status, second.body.code]).toEqual([409, 'task.exists']);
    expect((await outcome(String(first.body.task_id))).result).toMatchObject({ superseded: false });
    expect((await fetchJson('/api/documents/named')).body).toMatchObject({
      status: 'completed',
      task_id: first.body.task_id,
    });
  });

  it('tells what a task did, stage by stage', async () => {
    store('staged.txt', 'Stage by stage.');
    const { body } = await post('/api/documents/process', {
      ...byKey('staged', 'staged.txt'),
      task_id: 'staged-1',
    });
    await outcome(String(body.task_id));
    const logs = (await fetchJson('/api/tasks/staged-1/logs')).body.data as Array<{ message: string }>;
    expect(logs.map(({ message }) => message)).toEqual([
      'fetching',
      'fetched',
      'extracting',
      'extracted',
      'chunking',
      'embedding',
      'storing',
    ]);
    const events = (await fetchJson('/api/tasks/staged-1/events')).body.data as Array<{ event: string }>;
    expect(events.map(({ event }) => event)).toEqual(['submitted', 'claimed', 'completed']);
    expect((await fetchJson(`/api/documents/task/${String(body.task_id)}/status`)).body).toMatchObject({
      status: 'completed',
    });
    expect((await fetchJson('/api/documents/queue/stats')).status).toBe(200);
  });

  it('promises no callback to a private address', async () => {
    const { status, body } = await post('/api/documents/process', {
      ...byKey('cb', 'a.txt'),
      callback_url: 'http://10.0.0.1/cb',
    });
    expect([status, body.code]).toEqual([422, 'callback.forbidden']);
  });
});
