import { expect, it } from 'vitest';
import { Metrics } from './metrics.registry.js';

it('names start with intake_, values come out as they went in, Node tells of itself', async () => {
  const metrics = new Metrics();
  metrics.counter('things_total', 'Things', ['kind']).inc({ kind: 'a' }, 2);
  metrics.histogram('wait_seconds', 'Wait', ['queue'], [0.1, 1]).observe({ queue: 'q' }, 0.5);
  metrics.gauge('depth', 'Depth', ['queue'], (gauge) => gauge.set({ queue: 'q' }, 7));
  const text = await metrics.text();
  expect(text).toContain('intake_things_total{kind="a"} 2');
  expect(text).toContain('intake_wait_seconds_bucket{le="1",queue="q"} 1');
  expect(text).toContain('intake_depth{queue="q"} 7');
  expect(text).toContain('nodejs_eventloop_lag_p99_seconds');
});

it('two processes in one have two registries, one has each name once', () => {
  const metrics = new Metrics();
  metrics.counter('things_total', 'Things');
  new Metrics().counter('things_total', 'Things');
  expect(() => metrics.counter('things_total', 'Things')).toThrow(/already/);
});
