import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScheduleView } from '../../src/schedules/schedules.contract.js';
import { Deployment } from '../support/processes.js';
import { eventually } from '../support/stack.js';

const PROGRAM = fileURLToPath(new URL('../../dist/main.cli.js', import.meta.url));
const WITHIN = { timeoutMs: 60_000 };

describe('schedules, through the API and the program', () => {
  let deployment: Deployment;

  beforeAll(async () => {
    deployment = await Deployment.start('postgres');
  });

  afterAll(() => deployment.stop());

  const intake = (...line: string[]) =>
    new Promise<{ code: number; out: string; err: string }>((resolve) => {
      const env = { PATH: process.env.PATH, INTAKE_URL: deployment.url };
      execFile(process.execPath, [PROGRAM, ...line], { env, timeout: 60_000 }, (error, out, err) => {
        resolve({ code: error ? Number(error.code ?? -1) : 0, out, err });
      });
    });
  const json = async <T>(...line: string[]) => {
    const { out, err } = await intake(...line, '--format', 'json');
    expect(err).toBe('');
    return JSON.parse(out) as T;
  };

  it('run a task at every tick, with API and worker sweeping both', async () => {
    const { schedules, tasks } = deployment.client;
    await schedules.create({
      name: 'beat',
      cron: '* * * * * *',
      type: 'diagnostics.echo',
      payload: { message: 'tick' },
    });
    const beating = await eventually(async () => {
      const view = await schedules.get('beat');
      return view.fired >= 3 ? view : null;
    }, WITHIN);
    expect(await schedules.pause('beat')).toMatchObject({ paused: true, next_at: null });
    const { fired, skipped } = await schedules.get('beat');
    expect(beating).toMatchObject({ last_error: null });
    const { data } = await eventually(async () => {
      const page = await tasks.list({ tag: 'schedule:beat', limit: 200 });
      return page.data.every(({ status }) => status === 'completed') ? page : null;
    }, WITHIN);
    expect(data).toHaveLength(fired);
    expect(fired + skipped).toBeGreaterThanOrEqual(3);
    expect(data.map(({ result }) => result)).toEqual(data.map(() => ({ message: 'tick' })));
  });

  it('are made, seen, changed, run and deleted by the program', async () => {
    const cron = ['--cron', '30 2 * * *', '--timezone', 'Europe/Berlin'];
    const made = await intake(
      'schedules',
      'create',
      'nightly',
      ...cron,
      '--type',
      'diagnostics.echo',
      '--overlap',
      'skip',
    );
    expect(made).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^overlap +skip$/m) });
    expect(
      (await intake('schedules', 'create', 'nightly', ...cron, '--type', 'diagnostics.echo')).err,
    ).toContain('(schedule.exists)');
    expect(
      (await intake('schedules', 'create', 'odd', '--cron', '61 * * * *', '--type', 'diagnostics.echo')).err,
    ).toMatch(/^ {2}cron: is not valid: .*61/m);
    const { data } = await json<{ data: Array<{ local: string }> }>(
      'schedules',
      'next',
      'nightly',
      '--count',
      '3',
    );
    expect(data.map(({ local }) => local.slice(10, 19))).toEqual(['T02:30:00', 'T02:30:00', 'T02:30:00']);
    expect(
      (await intake('schedules', 'next', '--cron', '@hourly', '--count', '2')).out.trim().split('\n'),
    ).toHaveLength(3);

    await intake('schedules', 'update', 'nightly', '--payload', '{"message":"now"}', '--catch-up', 'none');
    expect(await json<ScheduleView>('schedules', 'show', 'nightly')).toMatchObject({
      payload: { message: 'now' },
      catch_up: 'none',
      overlap: 'skip',
      fired: 0,
    });
    const run = await intake('schedules', 'run', 'nightly', '--watch');
    expect(run).toMatchObject({ code: 0, out: expect.stringMatching(/^result +\{"message":"now"\}$/m) });
    await intake(
      'schedules',
      'create',
      'nightly',
      '--replace',
      '--cron',
      '@weekly',
      '--type',
      'diagnostics.echo',
    );
    expect((await intake('schedules', 'pause', 'nightly')).out).toMatch(/^state +paused$/m);
    expect((await intake('schedules')).out).toMatch(
      /^nightly +@weekly +UTC +diagnostics\.echo +- .* 1 +0 +paused$/m,
    );
    expect((await intake('schedules', 'delete', 'nightly')).out).toBe('Schedule nightly is deleted\n');
    expect((await intake('schedules', 'show', 'nightly')).err).toContain('(schedule.not_found)');
  });

  it('answer as they are documented', async () => {
    const call = async (method: string, path: string, body?: object, key?: string) => {
      const headers = { 'content-type': 'application/json', ...(key ? { 'idempotency-key': key } : {}) };
      const answer = await fetch(`${deployment.url}/api/schedules${path}`, {
        method,
        ...(body ? { headers, body: JSON.stringify(body) } : {}),
      });
      const text = await answer.text();
      return {
        status: answer.status,
        headers: answer.headers,
        body: text ? (JSON.parse(text) as ScheduleView) : null,
      };
    };
    const request = { name: 'rest', cron: '0 9 * * mon', type: 'diagnostics.echo' };
    const created = await call('POST', '', request, 'k1');
    expect([created.status, created.headers.get('location')]).toEqual([
      201,
      `/api/schedules/${created.body?.schedule_id}`,
    ]);
    const again = await call('POST', '', request, 'k1');
    expect([again.status, again.headers.get('idempotency-replayed'), again.body]).toEqual([
      201,
      'true',
      created.body,
    ]);
    expect((await call('POST', '', request)).status).toBe(409);
    expect((await call('POST', '', { ...request, name: created.body?.schedule_id })).status).toBe(422);
    expect(await call('PUT', '/other', { cron: '@daily', type: 'diagnostics.echo' })).toMatchObject({
      status: 201,
    });
    expect(await call('PUT', '/other', { cron: '@hourly', type: 'diagnostics.echo' })).toMatchObject({
      status: 200,
    });
    expect(await call('PATCH', '/other', { paused: true })).toMatchObject({
      status: 200,
      body: { cron: '@hourly', next_at: null },
    });
    const run = await call('POST', '/other/run');
    expect(run).toMatchObject({ status: 202, body: { status: expect.any(String) } });
    expect((await call('GET', '?limit=1')).body).toMatchObject({
      data: [{ name: 'other' }],
      next_cursor: expect.any(String),
    });
    expect((await call('POST', '/preview', { cron: '@daily', timezone: 'Nowhere' })).status).toBe(422);
    expect((await call('DELETE', '/other')).status).toBe(204);
    expect((await call('DELETE', '/other')).status).toBe(404);
  });
});
