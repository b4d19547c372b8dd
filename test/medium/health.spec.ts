import { tmpdir } from 'node:os';
import { Global, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { Config, readConfig } from '../../src/config/config.js';
import { DatabaseModule } from '../../src/database/database.module.js';
import { HealthModule } from '../../src/health/health.module.js';
import { createHttpApp } from '../../src/http/http-app.js';
import { HttpModule } from '../../src/http/http.module.js';
import { MetricsModule } from '../../src/metrics/metrics.module.js';
import { taskClaimed, taskRepaired, taskSettled, taskSubmitted } from '../../src/tasks/task-telemetry.js';
import { TelemetryModule } from '../../src/telemetry/telemetry.module.js';
import { vectorsWritten } from '../../src/vectors/vector-telemetry.js';
import { FakeQdrant } from '../support/fake-qdrant.js';
import { type TestDatabase, emptyDatabase, freshDatabase } from '../support/stack.js';

/** A port of the discard service, on which nothing listens. */
const NOWHERE = '127.0.0.1:9';

let app: NestFastifyApplication | undefined;
let database: TestDatabase | undefined;

afterEach(async () => {
  await app?.close();
  await database?.drop();
  app = database = undefined;
});

async function start(variables: Record<string, string>) {
  const own = { AUTH_MODE: 'disabled', LOG_LEVEL: 'silent', STORAGE_ROOT: tmpdir() };
  const config = readConfig({ ...own, ...variables });

  @Global()
  @Module({ providers: [{ provide: Config, useValue: config }], exports: [Config] })
  class TestConfigModule {}

  @Module({
    imports: [TestConfigModule, TelemetryModule, HttpModule, DatabaseModule, HealthModule, MetricsModule],
  })
  class TestModule {}

  app = await createHttpApp(TestModule, config);
  await app.listen(0, '127.0.0.1');
  const origin = await app.getUrl();
  return async (path: string) => {
    const response = await fetch(origin + path, { signal: AbortSignal.timeout(10_000) });
    const text = await response.text();
    return { status: response.status, text, body: path === '/metrics' ? undefined : JSON.parse(text) };
  };
}

describe('with everything there', () => {
  it('all routes say ok, and only the detail says more', async () => {
    database = await freshDatabase();
    const get = await start({ DATABASE_URL: database.url });
    for (const path of ['/health/live', '/health/ready', '/health/startup']) {
      expect(await get(path)).toMatchObject({ status: 200, body: { status: 'ok' } });
      expect((await get(path)).body).toEqual({ status: 'ok' });
    }
    const { status, body } = await get('/health');
    expect([status, body.status]).toEqual([200, 'ok']);
    expect(
      Object.entries(body.checks).map(([name, check]) => [name, (check as { status: string }).status]),
    ).toEqual([
      ['database', 'up'],
      ['migrations', 'up'],
      ['event_loop', 'up'],
      ['transport', 'up'],
      ['storage', 'up'],
    ]);
  });

  it('metrics count what tasks publish and tell what is up', async () => {
    database = await freshDatabase();
    const get = await start({ DATABASE_URL: database.url });
    const task = { taskId: 't', queue: 'documents', type: 'documents.process' };
    taskSubmitted.publish(task);
    taskClaimed.publish({ ...task, waitMs: 40 });
    taskSettled.publish({ ...task, outcome: 'completed', status: 'completed', attempt: 1, runMs: 1_200_000 });
    taskRepaired.publish({ kind: 'lost', count: 3 });
    const { text } = await get('/metrics');
    const labels = 'queue="documents",type="documents.process"';
    expect(text).toContain(`intake_tasks_submitted_total{${labels}} 1`);
    expect(text).toContain(`intake_task_attempts_total{${labels},outcome="completed"} 1`);
    expect(text).toContain(`intake_task_wait_seconds_bucket{le="0.05",${labels}} 1`);
    expect(text).toContain(`intake_task_run_seconds_bucket{le="600",${labels}} 0`);
    expect(text).toContain(`intake_task_run_seconds_bucket{le="1800",${labels}} 1`);
    expect(text).toContain('intake_repairs_total{kind="lost"} 3');
    expect(text).toContain('intake_database_up 1');
    expect(text).toContain('intake_transport_up 1');
  });
});

it('a transport that is down makes nothing unready: work is accepted without it', async () => {
  database = await freshDatabase();
  const get = await start({ DATABASE_URL: database.url, REDIS_URL: `redis://:hunter2@${NOWHERE}` });
  expect((await get('/health/ready')).status).toBe(200);
  const { status, text, body } = await get('/health');
  expect([status, body.status, body.checks.transport.status]).toEqual([200, 'degraded', 'degraded']);
  expect(text).not.toMatch(/hunter2|127\.0\.0\.1/);
  expect((await get('/metrics')).text).toContain('intake_transport_up 0');
});

it('a vector database that is down makes nothing unready, but degrades it: there is no search', async () => {
  database = await freshDatabase();
  const variables = { QDRANT_URL: `http://${NOWHERE}`, QDRANT_API_KEY: 'hunter2' };
  const get = await start({ DATABASE_URL: database.url, ...variables });
  expect(await get('/health/ready')).toMatchObject({ status: 200, body: { status: 'degraded' } });
  expect((await get('/health/startup')).status).toBe(200);
  const { status, text, body } = await get('/health');
  expect([status, body.status, body.checks.vectors.status]).toEqual([200, 'degraded', 'degraded']);
  expect(body.checks.vectors.message).toContain('QDRANT_URL');
  expect(text).not.toMatch(/hunter2|127\.0\.0\.1/);
  expect((await get('/metrics')).text).toContain('intake_vectors_up 0');
});

it('a vector database that answers is told as well, and its requests are timed', async () => {
  const qdrant = await new FakeQdrant().start();
  database = await freshDatabase();
  const get = await start({ DATABASE_URL: database.url, QDRANT_URL: qdrant.url });
  expect(await get('/health/ready')).toMatchObject({ status: 200, body: { status: 'ok' } });
  expect((await get('/health')).body.checks.vectors).toMatchObject({ status: 'up' });
  vectorsWritten.publish({ backend: 'qdrant', points: 12 });
  const { text } = await get('/metrics');
  expect(text).toContain('intake_vectors_up 1');
  expect(text).toContain('intake_vectors_written_total{backend="qdrant"} 12');
  expect(text).toMatch(/intake_vector_request_seconds_count\{kind="health",outcome="ok"\} [1-9]/);
  await qdrant.stop();
});

it.each([
  ['a bucket', { STORAGE_DRIVER: 's3', S3_BUCKET: 'own', S3_ENDPOINT: `http://${NOWHERE}` }],
  ['a folder', { STORAGE_ROOT: '/dev/null/files' }],
])('a storage that cannot be reached, %s, is told and makes nothing unready', async (_name, storage) => {
  database = await freshDatabase();
  const keys = { S3_ACCESS_KEY_ID: 'id', S3_SECRET_ACCESS_KEY: 'hunter2' };
  const get = await start({ DATABASE_URL: database.url, ...keys, ...storage });
  expect(await get('/health/ready')).toMatchObject({ status: 200, body: { status: 'degraded' } });
  expect((await get('/health/startup')).status).toBe(200);
  const { text, body } = await get('/health');
  expect([body.status, body.checks.storage.status]).toEqual(['degraded', 'degraded']);
  expect(text).not.toMatch(/hunter2|127\.0\.0\.1|\/dev/);
});

it('a database without our tables is not ready, and the detail names the cure', async () => {
  database = await emptyDatabase();
  const get = await start({ DATABASE_URL: database.url });
  expect((await get('/health/live')).status).toBe(200);
  expect(await get('/health/ready')).toMatchObject({ status: 503, body: { status: 'error' } });
  expect((await get('/health/startup')).status).toBe(503);
  const { status, body } = await get('/health');
  expect([status, body.checks.migrations.status]).toEqual([503, 'down']);
  expect(body.checks.migrations.message).toContain('intake migrate');
});

it('a database that is gone is told within seconds, without its address', async () => {
  const get = await start({ DATABASE_URL: `postgresql://intake:hunter2@${NOWHERE}/intake` });
  expect((await get('/health/live')).status).toBe(200);
  const startedAt = performance.now();
  expect((await get('/health/ready')).status).toBe(503);
  expect((await get('/metrics')).text).toContain('intake_database_up 0');
  expect(performance.now() - startedAt).toBeLessThan(6_000);
  const { text, body } = await get('/health');
  expect(body.checks.database).toMatchObject({ status: 'down' });
  expect(text).not.toMatch(/hunter2|127\.0\.0\.1/);
});

it('a process that was ready once stays started when it loses its database', async () => {
  database = await freshDatabase();
  const get = await start({ DATABASE_URL: database.url });
  expect((await get('/health/startup')).status).toBe(200);
  await database.drop();
  expect((await get('/health/ready')).status).toBe(503);
  expect((await get('/health/startup')).status).toBe(200);
});
