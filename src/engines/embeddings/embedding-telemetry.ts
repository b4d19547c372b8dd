import { Clock } from '../../kernel/clock.js';
import { typedChannel } from '../../kernel/typed-channel.js';

/** One call of an embedder, for metrics; waiting for other callers included. */
export interface EmbeddingEnded {
  kind: 'text' | 'image';
  backend: string;
  outcome: 'completed' | 'failed' | 'cancelled';
  durationMs: number;
}

export const embeddingEnded = typedChannel<EmbeddingEnded>('intake:embedding:ended');

const clock = new Clock();

/** Does the work and publishes how it ended. */
export async function publishingEnd<Out>(
  { kind, backend, signal }: Pick<EmbeddingEnded, 'kind' | 'backend'> & { signal?: AbortSignal },
  work: () => Promise<Out>,
): Promise<Out> {
  const begunMs = clock.monotonicMs();
  const publish = (outcome: EmbeddingEnded['outcome']) =>
    embeddingEnded.publish({ kind, backend, outcome, durationMs: clock.monotonicMs() - begunMs });
  try {
    const out = await work();
    publish('completed');
    return out;
  } catch (error) {
    publish(signal?.aborted ? 'cancelled' : 'failed');
    throw error;
  }
}
