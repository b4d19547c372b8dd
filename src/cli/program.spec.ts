import { describe, expect, it } from 'vitest';
import { exampleOf, scriptedApi } from '../../test/support/scripted-api.js';
import { QueueView } from '../queue/queue.contract.js';

const { answers, asked, intake } = scriptedApi();

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
    { line: ['cleanup', '--hours', 'soon'], says: 'a number of hours above 0' },
    { line: ['dead-letters', 'replay', '--rate', '0'], says: 'a number of tasks above 0' },
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

describe('processes', () => {
  it('start with what the line says in their environment, and their exit code is ours', async () => {
    let given = {};
    const start = async (overrides: object) => ((given = overrides), 75);
    const api = await intake(['api', '--port', '8123'], { launch: { api: start } });
    expect([api.code, given]).toEqual([75, { API_PORT: '8123' }]);
    const line = ['worker', '--queues', '7', '--batch-size', '5'];
    const worker = await intake(line, { launch: { worker: start } });
    expect([worker.code, given]).toEqual([75, { WORKER_QUEUES: '7', WORKER_BATCH_SIZE: '5' }]);
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
    const variables = {
      DATABASE_URL: 'postgresql://me:hunter2@db/x',
      AUTH_MODE: 'disabled',
      INTAKE_API_KEY: 'ik_test_1_sesame',
    };
    const { code, out } = await intake(['config', '--format', 'json'], { variables });
    expect(code).toBe(0);
    expect(out).not.toMatch(/hunter2|sesame/);
    expect(JSON.parse(out)).toMatchObject({
      DATABASE_URL: 'postgresql://***@db/x',
      API_PORT: 8_000,
      INTAKE_API_KEY: '***',
    });
    const wrong = { ...variables, API_PORT: 'many', MAX_QUEUE_SIZE: '-1' };
    const faulty = await intake(['config'], { variables: wrong });
    expect(faulty.code).toBe(1);
    expect(faulty.err).toMatch(/API_PORT .*number/);
    expect(faulty.err).toContain('MAX_QUEUE_SIZE');
  });
});
