import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { QueueGaugesRepository } from '../../src/metrics/queue-gauges.repository.js';
import { Metrics } from '../../src/telemetry/metrics.registry.js';
import { freshEnvironment, startWorker, type TestApp } from '../support/apps.js';
import { eventually, type TestDatabase } from '../support/stack.js';

/** One metric's value by its labels, as a scraper reads it. */
function valuesOf(text: string, name: string): Record<string, number> {
  const lines = text.split('\n').filter((line) => line.startsWith(`intake_${name}`) && !line.startsWith('#'));
  const parsed = lines.map((line) => /^intake_(\w+?)(?:\{(.*)\})? (\S+)$/.exec(line));
  return Object.fromEntries(
    parsed.flatMap((part) => (part?.[1] === name ? [[part[2] ?? '', Number(part[3])]] : [])),
  );
}

describe('what Prometheus is told of queues', () => {
  let database: TestDatabase;
  let app: TestApp;

  beforeEach(async () => {
    ({ database } = await freshEnvironment('postgres'));
    app = await startWorker();
  });

  afterEach(async () => {
    await app.close();
    await database.drop();
  });

  const scrape = () => app.get(Metrics).text();

  it('is what Postgres holds, read once for any number of scrapers', async () => {
    await app.database.query(`UPDATE queues SET paused = true WHERE name = 'default'`);
    await app.database.query(`INSERT INTO tenants (id) VALUES ('other')`);
    for (let n = 0; n < 3; n += 1) await app.submit();
    await app.submit({}, { delay_ms: 60_000 });
    await app.database.query(
      `UPDATE tasks SET created_at = now() - interval '100 s', tenant_id = 'other' WHERE status = 'pending' AND id IN
       (SELECT id FROM tasks WHERE status = 'pending' LIMIT 1)`,
    );
    const reads = vi.spyOn(app.get(QueueGaugesRepository), 'read');
    const [text] = await Promise.all(Array.from({ length: 20 }, scrape));
    expect(valuesOf(text, 'queue_depth')).toMatchObject({
      'queue="default",status="pending"': 3,
      'queue="default",status="scheduled"': 1,
    });
    expect(valuesOf(text, 'queue_oldest_age_seconds')['queue="default"']).toBeGreaterThanOrEqual(100);
    expect(valuesOf(text, 'queue_paused')).toMatchObject({ 'queue="default"': 1 });
    expect(valuesOf(text, 'queue_workers')).toMatchObject({ 'queue="default"': 1 });
    expect(valuesOf(text, 'workers_alive')).toEqual({ '': 1 });
    expect(valuesOf(text, 'slots')['']).toBeGreaterThanOrEqual(64);
    expect(valuesOf(text, 'slots_busy')).toEqual({ '': 0 });
    expect(valuesOf(text, 'dispatch_lag_seconds')).toEqual({ '': 0 });
    expect(valuesOf(text, 'database_up')).toEqual({ '': 1 });
    expect(Object.keys(valuesOf(text, 'database_pool_connections'))).toHaveLength(3);
    expect(reads).toHaveBeenCalledTimes(1);
  });

  it('is still answered without Postgres: what it knew is gone, and it says that Postgres is', async () => {
    await database.drop();
    await eventually(
      async () => {
        const text = await scrape();
        expect(valuesOf(text, 'database_up')).toEqual({ '': 0 });
        expect(valuesOf(text, 'queue_depth')).toEqual({});
        expect(valuesOf(text, 'workers_alive')).toEqual({});
        return text.includes('process_cpu_seconds_total');
      },
      { timeoutMs: 30_000, everyMs: 200 },
    );
  });
});
