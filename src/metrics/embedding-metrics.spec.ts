import { expect, it } from 'vitest';
import { publishingEnd } from '../engines/embeddings/embedding-telemetry.js';
import { Metrics } from '../telemetry/metrics.registry.js';
import { EmbeddingMetrics } from './embedding-metrics.js';

it('times every call of an embedder by what it was and how it ended', async () => {
  const metrics = new Metrics();
  const embeddingMetrics = new EmbeddingMetrics(metrics);
  embeddingMetrics.onModuleInit();
  const call = { kind: 'image', backend: 'builtin' } as const;
  await publishingEnd(call, () => Promise.resolve());
  await publishingEnd(call, () => Promise.reject(new Error('broken'))).catch(() => {});
  const signal = AbortSignal.abort();
  await publishingEnd({ ...call, signal }, () => Promise.reject(new Error('stopped'))).catch(() => {});
  embeddingMetrics.onModuleDestroy();
  await publishingEnd(call, () => Promise.resolve());
  const text = await metrics.text();
  for (const outcome of ['completed', 'failed', 'cancelled'])
    expect(text).toContain(
      `intake_embedding_duration_seconds_count{kind="image",backend="builtin",outcome="${outcome}"} 1`,
    );
});
