import { Injectable, Module } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tx } from '../../src/database/transaction.js';
import { Database } from '../../src/database/database.js';
import { OperationKind, type OperationPart } from '../../src/operations/operation-kind.js';
import { OperationRunner } from '../../src/operations/operation-runner.js';
import { OperationsService } from '../../src/operations/operations.service.js';
import { freshEnvironment, scope, start, type TestApp } from '../support/apps.js';
import { PlatformModule } from '../../src/apps/platform.module.js';
import { eventually, type TestDatabase } from '../support/stack.js';

interface Count {
  to: number;
  failAt?: number;
}

/** Writes the numbers from 0 on into a table. */
@Injectable()
class CountKind extends OperationKind<Count> {
  readonly name = 'test.count';
  broken = true;

  constructor(private readonly database: Database) {
    super();
  }

  count(_scope: unknown, { to }: Count) {
    return Promise.resolve(to);
  }

  async step(tx: Tx, { input, state, limit }: OperationPart<Count>) {
    const from = Number(state ?? 0);
    const until = Math.min(input.to, from + Math.min(limit, 10));
    await this.database.executeIn(
      tx,
      'INSERT INTO counted SELECT generate_series($1::int, $2::int - 1)',
      from,
      until,
    );
    if (this.broken && input.failAt !== undefined && until > input.failAt) throw new Error('as asked');
    return { state: until, done: until - from, ended: until === input.to };
  }
}

@Module({ imports: [PlatformModule], providers: [CountKind] })
class CountingApp {}

describe('an operation', () => {
  let database: TestDatabase;
  let apps: TestApp[];
  const service = () => apps[0].get(OperationsService);
  const begin = async (input: Count, ratePerSecond?: number) =>
    (await service().start(scope, 'test.count', input as never, { ratePerSecond })).answer.operation_id;
  const ended = (id: string) =>
    eventually(
      async () => {
        const operation = await service().get(scope, id);
        return operation.status === 'running' ? null : operation;
      },
      { timeoutMs: 30_000 },
    );
  const counted = async () => {
    const rows = await apps[0].database.query<{ n: number }>('SELECT n FROM counted ORDER BY n');
    return rows.map(({ n }) => n);
  };
  const numbers = (to: number) => Array.from({ length: to }, (_, n) => n);

  beforeAll(async () => {
    ({ database } = await freshEnvironment('postgres'));
    apps = [await start(CountingApp), await start(CountingApp)];
    await apps[0].database.query('CREATE TABLE counted (n int)');
  });

  afterAll(async () => {
    await Promise.all(apps.map((app) => app.close()));
    await database.drop();
  });

  it('does each unit once, however many processes are at it', async () => {
    const operation = await ended(await begin({ to: 500 }));
    expect(operation).toMatchObject({ status: 'completed', total: 500, done: 500, fraction: 1, error: null });
    expect(await counted()).toEqual(numbers(500));
    await apps[0].database.query('TRUNCATE counted');
  });

  it('keeps its rate, and takes turns with others', async () => {
    const [slow, fast] = [await begin({ to: 40 }, 20), await begin({ to: 300 })];
    expect((await ended(fast)).status).toBe('completed');
    expect((await service().get(scope, slow)).status).toBe('running');
    const { created_at, finished_at, done } = await ended(slow);
    const tookS = (Date.parse(finished_at ?? '') - Date.parse(created_at)) / 1_000;
    expect(done).toBe(40);
    expect(40).toBeLessThanOrEqual(20 * (tookS + 1) + 1);
    await apps[0].database.query('TRUNCATE counted');
  });

  it('stops when asked to, and what it did stays done', async () => {
    const id = await begin({ to: 1_000 }, 5);
    await eventually(async () => (await service().get(scope, id)).done > 0);
    const { status, done } = await service().cancel(scope, id);
    expect(status).toBe('cancelled');
    await expect(service().cancel(scope, id)).rejects.toMatchObject({ code: 'operation.not_cancellable' });
    expect(await apps[0].get(OperationRunner).step(id)).toBe(false);
    expect(await counted()).toEqual(numbers(done));
    await apps[0].database.query('TRUNCATE counted');
  });

  it('goes on after a step failed, from where the last one ended', async () => {
    const kinds = apps.map((app) => app.get(CountKind));
    const id = await begin({ to: 60, failAt: 25 });
    await eventually(async () => (await service().get(scope, id)).error !== null);
    expect(await service().get(scope, id)).toMatchObject({
      status: 'running',
      done: 20,
      error: { code: 'internal' },
    });
    for (const kind of kinds) kind.broken = false;
    expect(await ended(id)).toMatchObject({ status: 'completed', done: 60, error: null });
    expect(await counted()).toEqual(numbers(60));
    for (const kind of kinds) kind.broken = true;
    await apps[0].database.query('TRUNCATE counted');
  });

  it('gives up after eight failures in a row', async () => {
    const id = await begin({ to: 60, failAt: 0 });
    const operation = await eventually(
      async () => {
        await apps[0].database.query('UPDATE operations SET resume_at = now() WHERE resume_at > now()');
        const now = await service().get(scope, id);
        return now.status === 'running' ? null : now;
      },
      { timeoutMs: 30_000 },
    );
    expect(operation).toMatchObject({ status: 'failed', done: 0, error: { code: 'internal' } });
    expect(await counted()).toEqual([]);
  });
});
