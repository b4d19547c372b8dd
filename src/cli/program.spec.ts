import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rmSync, writeFileSync } from 'node:fs';
import { text as textOf } from 'node:stream/consumers';
import type { z } from 'zod';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { QueueView } from '../queue/queue.contract.js';
import { Explanation } from '../tasks/explain.contract.js';
import { AcceptedTask, AttemptView, EventView, TaskView } from '../tasks/tasks.contract.js';
import { DeliveryView, WebhookSecret } from '../webhooks/webhooks.contract.js';
import type { Launchers } from './cli.js';
import { runCli } from './program.js';
import type { Terminal } from './terminal.js';

const exampleOf = (schema: z.ZodType) => (schema.meta() as { examples: unknown[] }).examples[0];
const task = TaskView.parse(exampleOf(TaskView));
const accepted = AcceptedTask.parse(exampleOf(AcceptedTask));
const running: TaskView = {
  ...task,
  status: 'processing',
  progress: { fraction: 0.5, message: 'embedding' },
  finished_at: null,
};

type Answer = { status?: number; body: unknown };

let asked: Array<{ call: string; body: unknown }>;
let answers: Record<string, Answer[]>;
let url: string;
const server = createServer((request, response) => void reply(request, response));

async function reply(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const call = `${request.method} ${request.url}`;
  const body = await textOf(request);
  asked.push({ call, body: body.startsWith('{') ? JSON.parse(body) : body });
  const queue = answers[call] ?? [{ status: 404, body: { code: 'route.not_found', detail: `no ${call}` } }];
  const { status = 200, body: answer } = (queue.length > 1 ? queue.shift() : queue[0]) as Answer;
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
}

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  [asked, answers] = [[], {}];
});

const acceptedBatch = (batch_id: string) => ({ status: 202, body: { batch_id, task_ids: [], links: {} } });

function batchCounts(batch_id: string, counts: { completed: number; failed?: number }) {
  const total = counts.completed + (counts.failed ?? 0);
  const rest = { remaining: 0, finished: true, generation: 1, callback_url: null };
  return { body: { batch_id, total, counts, ...rest, created_at: task.created_at } };
}

/** Runs a command line against the server of this file. */
async function intake(
  line: string[],
  { isTty = false, launch = {} }: { isTty?: boolean; launch?: Partial<Launchers> } = {},
) {
  const written = { out: [] as string[], err: [] as string[], drawn: [] as string[] };
  const terminal: Terminal = {
    out: (words) => void written.out.push(words),
    err: (words) => void written.err.push(words),
    draw: (words) => void written.drawn.push(words),
    isTty,
  };
  const code = await runCli(['--url', url, ...line], terminal, launch as Launchers);
  return { code, out: written.out.join('\n'), err: written.err.join('\n'), drawn: written.drawn };
}

describe('bad use', () => {
  it.each([
    { line: ['nonsense'], says: "unknown command 'nonsense'" },
    { line: ['status'], says: "missing required argument 'id'" },
    { line: ['stats', '--colour'], says: "unknown option '--colour'" },
    { line: ['stats', '--format', 'xml'], says: 'Allowed choices are table, json' },
    { line: ['enqueue', '--payload', '{}'], says: "required option '--type <type>'" },
    { line: ['enqueue', '--type', 't', '--payload', '{x'], says: 'It is no JSON' },
    { line: ['enqueue', '--type', 't', '--payload', '@/none/such'], says: 'Cannot read /none/such: ENOENT' },
    {
      line: ['enqueue', '--type', 't', '--priority', 'soon'],
      says: '0 to 9, or low, normal, high or urgent',
    },
    { line: ['enqueue', '--type', 't', '--count', '1.5'], says: 'a whole number from 1 to' },
    { line: ['enqueue', 'document', 'a', 'b', '--document-id', 'x'], says: 'give one FILE' },
    { line: ['jobs', '--status', 'failed,odd'], says: 'Allowed are blocked' },
    { line: ['worker', '--concurrency', '2', '--batch-size', '2'], says: 'cannot be used with' },
    { line: ['schedules', 'next'], says: 'give a NAME, or --cron' },
    { line: ['schedules', 'create', 'x', '--cron', '@daily'], says: "required option '--type <type>'" },
    { line: ['worker', '--drain'], says: '--drain needs the name of a worker' },
    { line: ['worker', '--processes', '0'], says: 'a whole number from 1 to' },
    { line: ['cancel'], says: 'name tasks, give a filter such as --queue, or say --all' },
    { line: ['dead-letters', 'discard'], says: 'or say --all' },
    { line: ['flush'], says: 'This cancels everything that waits in every queue; say so with --yes' },
    { line: ['--url', 'intake.example', 'stats'], says: 'is no address of Intake' },
  ])('of $line is exit code 2, one line, and no call', async ({ line, says }) => {
    const { code, err } = await intake(line);
    expect(code).toBe(2);
    expect(err).toContain(says);
    expect(err.split('\n')).toHaveLength(1);
    expect(asked).toEqual([]);
  });
});

describe('help', () => {
  const commands =
    'schedules up api worker migrate config enqueue status explain logs jobs ' +
    'job retry cancel dead-letters cleanup flush stats workers pause resume search';
  it.each(commands.split(' '))('of %s has an example', async (command) => {
    const { code, out } = await intake([command, '--help']);
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`Examples?:\\n +.*intake ${command}`));
  });
});

describe('a queue', () => {
  it.each([
    { command: 'pause', says: 'The queue documents is paused' },
    { command: 'resume', says: 'The queue documents goes on' },
  ])('takes $command by any of its names', async ({ command, says }) => {
    answers[`POST /api/queue/queues/document_ingestion/${command}`] = [{ body: exampleOf(QueueView) }];
    expect(await intake([command, 'document_ingestion'])).toMatchObject({ code: 0, out: says });
  });
});

describe('a failed call', () => {
  it('is exit code 1 with every faulty field on a line', async () => {
    const errors = [
      { path: 'payload.document_id', message: 'is required' },
      { path: '', message: 'is odd' },
    ];
    answers['POST /api/tasks'] = [
      { status: 422, body: { code: 'request.invalid', detail: 'Not valid.', errors } },
    ];
    const { code, err, out } = await intake(['enqueue', '--type', 't']);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toBe(
      'error: Not valid. (request.invalid)\n  payload.document_id: is required\n  body: is odd',
    );
  });

  it('names the request when the server is to blame', async () => {
    answers['GET /api/tasks/t'] = [
      { status: 500, body: { code: 'internal', detail: 'Wrong.', request_id: 'r-17' } },
    ];
    expect((await intake(['status', 't'])).err).toBe('error: Wrong. (internal, request r-17)');
  });
});

describe('enqueue', () => {
  it('sends what the line says, with the payload from a file', async () => {
    const file = join(tmpdir(), `intake-cli-${process.pid}.json`);
    writeFileSync(file, '{"document_id":"d"}');
    answers['POST /api/tasks'] = [{ status: 202, body: accepted }];
    const { code, out } = await intake([
      'enqueue',
      '--type',
      'documents.process',
      '--payload',
      `@${file}`,
      '--priority',
      'HIGH',
    ]);
    rmSync(file);
    expect(code).toBe(0);
    expect(asked[0]?.body).toEqual({ type: 'documents.process', payload: { document_id: 'd' }, priority: 3 });
    expect(out).toContain(accepted.task_id);
  });

  it('watches until the task is done and draws how far it is', async () => {
    answers['POST /api/tasks'] = [{ status: 202, body: accepted }];
    answers[`GET /api/tasks/${accepted.task_id}`] = [{ body: running }, { body: task }];
    const { code, out, drawn } = await intake(['enqueue', '--type', 't', '--watch'], { isTty: true });
    expect(code).toBe(0);
    expect(out).toMatch(/^status +completed$/m);
    expect(drawn).toEqual([
      `[${'#'.repeat(12)}${'.'.repeat(12)}]  50 %  embedding`,
      `[${'#'.repeat(24)}] 100 %  storing`,
      '',
    ]);
  });

  it('is exit code 1 when the watched task fails, and draws nothing into a pipe', async () => {
    answers['POST /api/tasks'] = [{ status: 202, body: accepted }];
    const error = {
      code: 'document.encrypted',
      message: 'It has a password',
      retryable: false,
      fingerprint: null,
    };
    answers[`GET /api/tasks/${accepted.task_id}`] = [
      { body: { ...task, status: 'failed', reason: 'permanent', error } },
    ];
    const { code, out, drawn } = await intake(['enqueue', '--type', 't', '--watch']);
    expect(code).toBe(1);
    expect(out).toMatch(/^status +failed \(permanent\)$/m);
    expect(out).toMatch(/^error +document.encrypted: It has a password$/m);
    expect(drawn).toEqual([]);
  });

  it('submits many in batches and watches their counts', async () => {
    const [first, second] = ['01990f2e-5b6c-7d10-9a55-0c2f6d1b7a11', '01990f2e-5b6c-7d10-9a55-0c2f6d1b7a12'];
    answers['POST /api/tasks/batch'] = [acceptedBatch(first), acceptedBatch(second)];
    answers[`GET /api/batches/${first}`] = [batchCounts(first, { completed: 1_000 })];
    answers[`GET /api/batches/${second}`] = [batchCounts(second, { completed: 498, failed: 2 })];
    const { code, out } = await intake(['enqueue', '--type', 't', '--count', '1500', '--watch']);
    expect(asked.slice(0, 2).map(({ body }) => (body as { tasks: unknown[] }).tasks.length)).toEqual([
      1_000, 500,
    ]);
    expect(code).toBe(1);
    expect(out.split('\n')).toEqual(['tasks      1500', 'completed  1498', 'failed     2', 'cancelled  0']);
  });
});

describe('reading', () => {
  it('prints as JSON exactly what the API says', async () => {
    answers[`GET /api/tasks/${task.task_id}`] = [{ body: task }];
    const { code, out } = await intake(['status', task.task_id, '--format', 'json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual(task);
  });

  it('explains in words: a sentence, its place, and each reason with what to do', async () => {
    answers['GET /api/tasks/t/explain'] = [{ body: exampleOf(Explanation) }];
    const { code, out } = await intake(['explain', 't']);
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      'It waits (pending): the queue documents is paused',
      '',
      'place   4 in the tenant',
      'window  12 of 64',
      '',
      '1. The queue documents is paused (queue.paused)',
      '   since  2026-11-20 10:15:00',
      '   next   POST /api/queue/queues/documents/resume (or: intake resume documents)',
    ]);
  });

  it('shows a job with its attempts and its history', async () => {
    answers['GET /api/tasks/t'] = [{ body: task }];
    answers['GET /api/tasks/t/attempts?limit=200'] = [
      { body: { data: [exampleOf(AttemptView)], next_cursor: null } },
    ];
    answers['GET /api/tasks/t/events'] = [{ body: { data: [exampleOf(EventView)] } }];
    const { out } = await intake(['job', 't']);
    expect(out).toMatch(/^status +completed$/m);
    expect(out).toMatch(/^ +1 +failed +2026-11-20 10:15:00 +990 ms +machine1 +storage.unavailable/m);
    expect(out).toMatch(/^2026-11-20 10:15:00 +claimed +{"epoch":1,"attempt":1}$/m);
  });

  it('merges several statuses, newest first', async () => {
    const older = { ...task, task_id: '01990f2e-0000-7d10-9a55-0c2f6d1b7a10', status: 'failed' };
    answers['GET /api/tasks?limit=5&type=t&status=failed'] = [{ body: { data: [older], next_cursor: null } }];
    answers['GET /api/tasks?limit=5&type=t&status=active'] = [
      { body: { data: [running], next_cursor: null } },
    ];
    const { out } = await intake([
      'jobs',
      '--status',
      'failed,active',
      '--type',
      't',
      '--limit',
      '5',
      '--format',
      'json',
    ]);
    const { data } = JSON.parse(out) as { data: TaskView[] };
    expect(data.map(({ status }) => status)).toEqual(['processing', 'failed']);
  });

  it('follows logs without repeating a line, over pages, until the task is final', async () => {
    const line = (message: string) => ({
      at: task.created_at,
      level: 'info',
      message,
      data: null,
      attempt_epoch: 1,
    });
    const page = (messages: string[], next_cursor: string | null) => ({
      body: { data: messages.map(line), next_cursor },
    });
    answers['GET /api/tasks/t'] = [{ body: running }, { body: running }, { body: task }];
    answers['GET /api/tasks/t/logs?limit=200'] = [page(['one'], null), page(['one', 'two'], 'c1')];
    answers['GET /api/tasks/t/logs?cursor=c1&limit=200'] = [page(['three'], null)];
    const { code, out } = await intake(['logs', 't', '--follow']);
    expect(code).toBe(0);
    expect(out.split('\n').map((text) => text.split(/ {2,}/).at(-1))).toEqual(['one', 'two', 'three']);
  });
});

describe('webhooks', () => {
  const delivery = DeliveryView.parse(exampleOf(DeliveryView));
  const secret = WebhookSecret.parse(exampleOf(WebhookSecret));

  it('are listed, sent again, and checked with a secret', async () => {
    answers['GET /api/webhooks/deliveries?limit=5&status=failed&task_id=invoice-7'] = [
      { body: { data: [{ ...delivery, last_error: 'answered\u001b[2J' }], next_cursor: null } },
    ];
    const line = ['webhooks', 'list', '--status', 'failed', '--task', 'invoice-7', '--limit', '5'];
    const { code, out } = await intake(line);
    expect([code, out.includes(delivery.url), out.includes('\u001b')]).toEqual([0, true, false]);
    expect(await intake(['webhooks', 'list', '--status', 'lost'])).toMatchObject({ code: 2 });

    const id = delivery.delivery_id;
    answers[`POST /api/webhooks/deliveries/${id}/replay`] = [{ status: 202, body: delivery }];
    expect(await intake(['webhooks', 'replay', id])).toMatchObject({ code: 0 });
    answers['GET /api/webhooks/secret'] = [{ body: secret }];
    expect((await intake(['webhooks', 'secret'])).out).toBe(secret.secret);
  });
});

describe('processes', () => {
  const names = ['API_PORT', 'WORKER_QUEUES', 'WORKER_BATCH_SIZE'] as const;
  const before = names.map((name) => process.env[name]);

  afterEach(() => {
    for (const [at, name] of names.entries()) {
      if (before[at] === undefined) delete process.env[name];
      else process.env[name] = before[at];
    }
  });

  it('start with what the line says in their environment, and their exit code is ours', async () => {
    const api = await intake(['api', '--port', '8123'], {
      launch: { api: async () => Number(process.env['API_PORT']) },
    });
    expect(api.code).toBe(8_123);
    const worker = await intake(['worker', '--queues', '7', '--batch-size', '5'], {
      launch: {
        worker: async () => Number(`${process.env['WORKER_QUEUES']}${process.env['WORKER_BATCH_SIZE']}`),
      },
    });
    expect(worker.code).toBe(75);
  });

  it('fail with one line when they throw', async () => {
    const failed = await intake(['migrate'], {
      launch: { migrate: () => Promise.reject(new Error('Postgres is away')) },
    });
    expect(failed).toMatchObject({ code: 1, err: 'error: Postgres is away' });
  });

  it('get the options of up as they are', async () => {
    let got: unknown;
    await intake(['up', '--once', '--port', '8123', '--data-dir', 'd'], {
      launch: { up: async (options) => ((got = options), 0) },
    });
    expect(got).toEqual({ once: true, clean: false, port: 8_123, dataDir: 'd' });
  });
});

describe('config', () => {
  it('shows what is in effect and no secret', async () => {
    const set = {
      DATABASE_URL: 'postgresql://me:hunter2@db/x',
      AUTH_MODE: 'disabled',
      INTAKE_API_KEY: 'ik_test_1_sesame',
    };
    const before = Object.keys(set).map((name) => [name, process.env[name]] as const);
    Object.assign(process.env, set);
    try {
      const { code, out } = await intake(['config', '--format', 'json']);
      expect(code).toBe(0);
      expect(out).not.toMatch(/hunter2|sesame/);
      expect(JSON.parse(out)).toMatchObject({
        DATABASE_URL: 'postgresql://***@db/x',
        API_PORT: 8_000,
        INTAKE_API_KEY: '***',
      });
      process.env['API_PORT'] = 'many';
      process.env['MAX_QUEUE_SIZE'] = '-1';
      const faulty = await intake(['config']);
      expect(faulty.code).toBe(1);
      expect(faulty.err).toMatch(/API_PORT .*number/);
      expect(faulty.err).toContain('MAX_QUEUE_SIZE');
    } finally {
      delete process.env['API_PORT'];
      delete process.env['MAX_QUEUE_SIZE'];
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });
});
