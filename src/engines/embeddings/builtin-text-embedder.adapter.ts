import { availableParallelism } from 'node:os';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { builtEntry } from '../../kernel/built-entry.js';
import { Fault } from '../../kernel/fault.js';
import { RequestThreads } from '../../kernel/request-threads.js';
import { publishingEnd } from './embedding-telemetry.js';
import { TextEmbedder, type Candidate } from './text-embedder.js';
import type { TextRequest } from './text-embedding.thread.js';
import { DIMENSION } from './use-lite-graph.js';

/** One core is left for what reads and stores; within reason, since each holds a model of its own, some 130 MB. */
const MOST_THREADS = Math.min(Math.max(availableParallelism() - 1, 1), 8);

/**
 * Universal Sentence Encoder lite (English, 512 numbers) from an npm package, in threads of its own. The model is loaded
 * by the first call, and once more by one that finds every thread busy; beyond that calls take turns.
 */
@Injectable()
export class BuiltinTextEmbedder extends TextEmbedder implements OnApplicationShutdown {
  /** Raise the version with anything that changes the vectors: weights, tokenizer, pooling. */
  override readonly model = 'use-lite-en-v1';
  override readonly dimension = DIMENSION;

  private readonly threads = new RequestThreads<TextRequest, Float32Array>(
    builtEntry(import.meta.url, './text-embedding.thread.js'),
    MOST_THREADS,
  );

  override async embed(
    texts: readonly string[],
    options: { signal?: AbortSignal } = {},
  ): Promise<Float32Array[]> {
    if (texts.length === 0) return [];
    const vectors = await publishingEnd({ kind: 'text', backend: 'builtin', signal: options.signal }, () =>
      this.request({ texts }, options.signal),
    );
    return texts.map((_, at) => vectors.slice(at * DIMENSION, (at + 1) * DIMENSION));
  }

  /** Half the meaning of the whole, half the single words: the vector alone blurs the detail that was asked for. */
  override async rank(
    question: string,
    candidates: readonly Candidate[],
    options: { signal?: AbortSignal } = {},
  ): Promise<number[]> {
    const texts = candidates.map(({ text }) => text);
    const matches = await this.request({ texts, question }, options.signal);
    return candidates.map(({ similarity }, at) => (similarity + matches[at]) / 2);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.threads.close();
  }

  private async request(request: TextRequest, signal?: AbortSignal): Promise<Float32Array> {
    try {
      return await this.threads.request(request, signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw new Fault('embedding.unavailable', 'The embedding model failed; try again', { cause: error });
    }
  }
}
