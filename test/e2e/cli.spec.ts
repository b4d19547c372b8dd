import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OperationView } from '../../src/operations/operations.contract.js';
import type { BulkPreview, DeadLetterCause } from '../../src/queue/bulk.contract.js';
import type { QueueStats, WorkerView } from '../../src/queue/queue.contract.js';
import type { TaskView } from '../../src/tasks/tasks.contract.js';
import { patchwork } from '../support/made-pictures.js';
import { Deployment } from '../support/processes.js';
import { eventually, freshDatabase } from '../support/stack.js';

const PROGRAM = fileURLToPath(new URL('../../dist/main.cli.js', import.meta.url));
const TIMEOUT_MS = 60_000;

type Variables = Readonly<Record<string, string>>;

/** Runs the real program to its end. */
function run(line: readonly string[], variables: Variables) {
  const env = { PATH: process.env['PATH'], ...variables };
  return new Promise<{ code: number; out: string; err: string }>((resolve) => {
    execFile(process.execPath, [PROGRAM, ...line], { env, timeout: TIMEOUT_MS }, (error, out, err) => {
      resolve({ code: error ? Number(error.code ?? -1) : 0, out, err });
    });
  });
}

describe('intake, the program, against a deployment', () => {
  let deployment: Deployment;
  const intake = (...line: string[]) => run(line, { INTAKE_URL: deployment.url });
  const json = async <T>(...line: string[]) => {
    const { code, out, err } = await intake(...line, '--format', 'json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    return JSON.parse(out) as T;
  };

  beforeAll(async () => {
    deployment = await Deployment.start('postgres', { WORKER_ID: 'machine1', TASK_MAX_ATTEMPTS: '1' });
  });

  afterAll(() => deployment?.stop());

  it('runs a task and prints what came of it', async () => {
    const payload = join(deployment.storageRoot, '..', 'payload.json');
    writeFileSync(payload, '{"message":"hello"}');
    const { code, out, err } = await intake(
      'enqueue',
      '--type',
      'diagnostics.echo',
      '--payload',
      `@${payload}`,
      '--watch',
    );
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^status +completed$/m);
    expect(out).toMatch(/^result +\{"message":"hello"\}$/m);
  });

  it('rebuilds all vectors, finds the same, and goes back', async () => {
    const file = join(deployment.storageRoot, '..', 'vectors.txt');
    const text =
      'The lamp room is open on Thursdays. Bring a lantern, a rope and warm clothes for the way down.';
    writeFileSync(file, text);
    expect((await intake('enqueue', 'document', file, '--watch')).code).toBe(0);
    const rebuilt = await json<TaskView>('rebuild-vectors');
    expect(rebuilt).toMatchObject({ type: 'documents.reindex', status: 'completed' });
    expect(rebuilt.result).toMatchObject({ switched: true, sources: 1, embedded: 1, overlap_at_10: 1 });
    expect((await intake('search', 'When is the lamp room open?')).out).toContain('vectors.txt');
    const { code, out } = await intake('rebuild-vectors', '--rollback');
    expect(code).toBe(0);
    expect(out).toMatch(/^embedded +0$/m);
    expect((await intake('search', 'When is the lamp room open?')).out).toContain('vectors.txt');
    const document = await fetch(`${deployment.url}/api/documents/vectors.txt`);
    expect(await document.json()).toMatchObject({ language: 'en' });
  });

  it('rebuilds the vectors of images, and goes back', async () => {
    const file = join(deployment.storageRoot, '..', 'lamp.png');
    writeFileSync(file, await patchwork(1).png().toBuffer());
    expect((await intake('enqueue', 'image', file, '--watch')).code).toBe(0);
    const rebuilt = await json<TaskView>('rebuild-vectors', 'images');
    expect(rebuilt).toMatchObject({ type: 'images.reindex', status: 'completed' });
    expect(rebuilt.result).toMatchObject({ alias: 'images', switched: true, sources: 1, embedded: 1 });
    const { code, out } = await intake('rebuild-vectors', 'images', '--rollback');
    expect(code).toBe(0);
    expect(out).toMatch(/^embedded +0$/m);
    const [image] = (await deployment.client.images.get('lamp')).data;
    expect(image?.model).toBe('mobilenet-v2-look-v1');
    await deployment.client.images.delete('lamp');
  });

  it('runs a thousand and a few, and counts them', async () => {
    const { code, out } = await intake('enqueue', '--type', 'diagnostics.echo', '--count', '1003', '--watch');
    expect(code).toBe(0);
    expect(out.trim().split('\n')).toEqual([
      'tasks      1003',
      'completed  1003',
      'failed     0',
      'cancelled  0',
    ]);
  });

  it('uploads documents, and finds in them what is asked for', async () => {
    const folder = join(deployment.storageRoot, '..', 'inbox');
    mkdirSync(folder, { recursive: true });
    const [leave, roof] = [join(folder, 'leave.md'), join(folder, 'roof.txt')];
    writeFileSync(leave, '# Leave\n\nEvery employee has thirty days of paid vacation a year.');
    writeFileSync(roof, 'The roof of the southern building is made of copper and was renewed last summer.');
    const uploaded = await intake('enqueue', 'document', leave, roof, '--watch');
    expect(uploaded.err).toBe('');
    expect(uploaded.out.split('\n').map((line) => line.split(/ +/).at(2))).toEqual([
      'STATUS',
      'completed',
      'completed',
      undefined,
    ]);
    const { hits } = await json<{ hits: Array<{ document_id: string }> }>(
      'search',
      'How long may I go on holiday?',
      '--limit',
      '1',
    );
    expect(hits.map(({ document_id }) => document_id)).toEqual(['leave.md']);
    const { out } = await intake('search', 'Which metal covers the house?', '--limit', '1');
    expect(out).toMatch(/roof\.txt +1 +The roof of the southern/);
  });

  it('follows a failed document to its cause, and runs it again', async () => {
    const broken = join(deployment.storageRoot, '..', 'broken.pdf');
    writeFileSync(broken, '%PDF-1.7 and then nothing of the kind');
    const { code, out } = await intake('enqueue', 'document', broken, '--document-id', 'broken', '--watch');
    expect(code).toBe(1);
    expect(out).toMatch(/^broken +\S+ +failed +\S/m);
    const { data } = await json<{ data: TaskView[] }>(
      'jobs',
      '--status',
      'failed',
      '--type',
      'documents.process',
    );
    const [task] = data;
    expect(task?.error?.code).toBe('document.corrupt');
    const id = task?.task_id ?? '';

    expect((await intake('status', id)).out).toMatch(/^error +document.corrupt: /m);
    const again = await intake('retry', id);
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining(`Task ${id} runs again`) });
    const logs = await intake('logs', id, '--follow');
    expect(logs).toMatchObject({ code: 0, err: '' });
    expect((await json<TaskView>('status', id)).status).toBe('failed');
  });

  it('looks at dead letters by cause, replays them and discards them', async () => {
    const files = ['one.pdf', 'two.pdf'].map((name) => join(deployment.storageRoot, '..', name));
    for (const file of files) writeFileSync(file, '%PDF-1.7 and then nothing of the kind');
    await intake('enqueue', 'document', ...files, '--watch');
    const corrupt = ['--error-code', 'document.corrupt'];
    const causes = async () =>
      (await json<{ data: DeadLetterCause[] }>('dead-letters', 'list', '--by-cause', ...corrupt)).data;
    const [before] = await causes();
    expect(before.count).toBeGreaterThanOrEqual(2);
    const preview = await json<BulkPreview>('dead-letters', 'replay', ...corrupt, '--dry-run');
    expect(preview).toMatchObject({ dry_run: true, matched: before.count });
    const replayed = await intake('dead-letters', 'replay', ...corrupt);
    expect(replayed).toMatchObject({ code: 0, out: expect.stringMatching(/^done +[2-9]/m) });
    await eventually(async () => (await causes())[0]?.count === before.count, { timeoutMs: 30_000 });
    const discarded = await json<OperationView>('dead-letters', 'discard', '--all', '--yes');
    expect(discarded).toMatchObject({ status: 'completed', done: before.count });
    expect(await causes()).toEqual([]);
    expect((await deployment.client.documents.get('one.pdf')).status).toBe('failed');
    expect((await intake('cleanup', '--hours', '24')).out).toMatch(/^removed +0$/m);
    expect((await intake('flush', '--yes')).err).toContain('queue.flush_forbidden');
  });

  it('cancels by filter what waits', async () => {
    const later = await deployment.client.tasks.submit({
      type: 'diagnostics.echo',
      payload: { message: 'later' },
      delay_ms: 600_000,
      tags: ['later'],
    });
    const { done } = await json<OperationView>('cancel', '--tag', 'later', '--status', 'waiting');
    expect(done).toBe(1);
    expect((await json<TaskView>('status', later.task_id)).status).toBe('cancelled');
  });

  it('cancels what runs, and shows who ran it', async () => {
    const sleeping = '{"sleep_ms":600000}';
    const { task_id } = await json<{ task_id: string }>(
      'enqueue',
      '--type',
      'diagnostics.echo',
      '--payload',
      sleeping,
    );
    const worker = await eventually(async () => {
      const { data } = await json<{ data: WorkerView[] }>('workers');
      return data.find(({ current_tasks }) => current_tasks.includes(task_id));
    });
    expect(worker.worker_id).toBe('machine1');
    expect((await intake('cancel', task_id)).out).toBe(`Task ${task_id} was asked to stop\n`);
    await eventually(async () => (await json<TaskView>('status', task_id)).status === 'cancelled');
    const twice = await intake('cancel', task_id);
    expect(twice).toMatchObject({ code: 1, out: '' });
    expect(twice.err).toMatch(/^error: The task is cancelled.* \(task\.not_cancellable\)\n$/);
  });

  it('shows queues in numbers that add up', async () => {
    const { queues, total } = await json<QueueStats>('stats');
    expect(queues.map(({ name }) => name)).toEqual(['default', 'documents', 'images']);
    // A thousand and four echoes, two documents that were uploaded; one more and an image, indexed anew and turned back.
    expect(total.total_completed).toBe(1_004 + 2 + 3 + 3);
    expect(total.workers).toBe(1);
    const { out } = await intake('stats', '--queue', 'document_ingestion');
    expect(out).toMatch(/^QUEUE +WAIT .*\ndocuments +0 +0 +5 /);
  });

  it('says what it does not know in one line', async () => {
    expect(await intake('status', 'nonesuch')).toEqual({
      code: 1,
      out: '',
      err: 'error: There is no task nonesuch (task.not_found)\n',
    });
    expect(await intake('enqueue', '--type', 'nonesuch')).toMatchObject({
      code: 1,
      err: expect.stringContaining('(task.type_unknown)'),
    });
    expect((await intake('stats', '--queue', 'nonesuch')).err).toContain(
      'there are default, documents, images (queue.unknown)',
    );
    expect((await intake('nonesuch')).code).toBe(2);
  });

  it('says that nobody is there', async () => {
    const { code, err } = await run(['stats'], { INTAKE_URL: 'http://127.0.0.1:59' });
    expect(code).toBe(1);
    expect(err).toMatch(
      /^error: Cannot reach http:\/\/127\.0\.0\.1:59: connection refused; is Intake running there\? \(client\.unreachable\)\n$/,
    );
  });
});

describe('intake, the program, as a process of a deployment', () => {
  it('migrates a database, once', async () => {
    const database = await freshDatabase();
    const variables = { DATABASE_URL: database.url, AUTH_MODE: 'disabled' };
    expect(await run(['migrate'], variables)).toEqual({
      code: 0,
      out: 'The database is up to date\n',
      err: '',
    });
    await database.drop();
    expect(
      await run(['migrate'], { ...variables, DATABASE_URL: 'postgresql://nobody@127.0.0.1:59/x' }),
    ).toMatchObject({ code: 1, out: '' });
  });

  it('lists every fault of its settings', async () => {
    const { code, err } = await run(['api', '--port', '8000'], {
      MAX_QUEUE_SIZE: 'many',
      REDIS_PORT: '6379',
    });
    expect(code).toBe(1);
    for (const name of ['MAX_QUEUE_SIZE', 'DATABASE_URL']) expect(err).toContain(name);
    expect(err).not.toContain('    at ');
  });

  it.each([
    { line: ['api', '--port', '8000'], name: 'API_PORT' },
    { line: ['worker', '--batch-size', '5'], name: 'WORKER_BATCH_SIZE' },
  ])('lets $line win over $name', async ({ line, name }) => {
    const environment = { [name]: 'many', AUTH_MODE: 'disabled' };
    const [bare, told] = [await run(line.slice(0, 1), environment), await run(line, environment)];
    expect([bare.code, told.code]).toEqual([1, 1]);
    expect(bare.err).toContain(name);
    expect(told.err).toContain('DATABASE_URL');
    expect(told.err).not.toContain(name);
  });
});
