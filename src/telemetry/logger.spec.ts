import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { LogContext } from './log-context.js';
import { createLogger } from './logger.js';
import { redact } from './redact.js';

async function capture(
  write: (logger: Awaited<ReturnType<typeof createLogger>>) => unknown,
  logLevel = 'trace',
) {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  await write(await createLogger({ logLevel, logFormat: 'json' }, stream));
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('a log line', () => {
  it('is JSON with a named level, a time and the process', async () => {
    const [line] = await capture((logger) => logger.info({ queue: 'documents' }, 'settled'));
    expect(line).toMatchObject({ level: 'info', msg: 'settled', queue: 'documents', pid: process.pid });
    expect(line?.['time']).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
  });

  it('says for which request, task and trace it was written, across awaits', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const lines = await capture((logger) =>
      LogContext.run({ request_id: 'r1' }, async () => {
        await nextTurn();
        logger.info('outer');
        await LogContext.run({ task_id: 't1', traceparent }, async () => {
          await nextTurn();
          logger.info('inner');
        });
      }),
    );
    expect(lines[0]).toMatchObject({ msg: 'outer', request_id: 'r1' });
    expect(lines[0]).not.toHaveProperty('task_id');
    expect(lines[1]).toMatchObject({
      request_id: 'r1',
      task_id: 't1',
      trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
    });
  });

  it('below the level is not written', async () => {
    expect(await capture((logger) => logger.info('quiet'), 'warn')).toEqual([]);
  });

  it('of an error holds its stack but none of its secrets', async () => {
    const cause = new Error('cannot connect to postgresql://intake:hunter2@db:5432/intake');
    const [line] = await capture((logger) => logger.error({ err: new Error('down', { cause }) }));
    expect(JSON.stringify(line)).toContain('logger.spec.ts');
    expect(JSON.stringify(line)).not.toContain('hunter2');
  });
});

describe('redaction', () => {
  const secret = 'hunter2';

  it.each([
    { authorization: secret },
    { headers: { 'x-api-key': secret, cookie: secret } },
    { a: [{ b: { c: { d: { admin_password: secret } } } }] },
    { DATABASE_URL: secret },
    { token: `with "quotes" ${secret}` },
    { msg: `failed: {"password": "${secret}"}` },
    { msg: `postgres://user:${secret}@host/db and redis://:${secret}@host` },
    { url: `/ws?token=${secret}&x=1` },
    { msg: `Authorization was Bearer ${secret}` },
    { msg: `key ik_live_${secret}` },
    { msg: `signed with whsec_${secret}+/=` },
  ])('takes the secret out of %j', (line) => {
    const redacted = redact(JSON.stringify(line));
    expect(redacted).not.toContain(secret);
    expect(() => JSON.parse(redacted)).not.toThrow();
  });

  it('leaves everything else alone', () => {
    const line = JSON.stringify({
      tokens: 3,
      token_count: 'many',
      url: 'https://host:8080/a',
      msg: 'a: b@c',
      path: 'C:\\x',
    });
    expect(redact(line)).toBe(line);
  });

  it('is quick on long lines made to slow it down', () => {
    const startedAt = performance.now();
    for (const unit of ['a.', 'a://b:', '"token', '\\"token', '?token=', 'Bearer '])
      redact(unit.repeat(20_000));
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});
