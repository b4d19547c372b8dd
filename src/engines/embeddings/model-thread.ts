import { createRequire } from 'node:module';
import { builtEntry } from '../../kernel/built-entry.js';
import { Fault } from '../../kernel/fault.js';
import { RequestThread } from '../../kernel/request-thread.js';
import { unitVector } from '../../vectors/unit-vector.js';
import { SharedBatches, type Outcome } from './shared-batches.js';
import { TRANSFORMERS, type TransformersRequest } from './transformers-model.adapter.js';

const PER_BATCH = 8;

/** Where requests to a model go: its thread, or what a test puts in its place. */
export interface ModelRunner {
  request(request: TransformersRequest, signal?: AbortSignal): Promise<Float32Array[]>;
  close(): Promise<void>;
}

/** The one that this was written for. */
const VERSION = '4.3.1';

/**
 * Models of folders in a thread of their own.
 * @throws Fault `embedding.misconfigured` when the package that runs them is not installed
 */
export function modelThread(): ModelRunner {
  assertInstalled(TRANSFORMERS);
  return new RequestThread<TransformersRequest, Float32Array[]>(
    builtEntry(import.meta.url, './transformers.thread.js'),
  );
}

/** Unit vectors from such a model, for several callers at once. */
export function modelBatches<In>(
  runner: ModelRunner,
  dimension: number,
  requestFor: (inputs: readonly In[]) => TransformersRequest,
): SharedBatches<In> {
  const run = async (inputs: readonly In[], signal: AbortSignal): Promise<Outcome[]> => {
    try {
      const vectors = await runner.request(requestFor(inputs), signal);
      return vectors.map((vector) => ({ ok: unitVector(vector, dimension) }));
    } catch (error) {
      signal.throwIfAborted();
      if (Fault.is(error)) throw error;
      throw new Fault('embedding.unavailable', 'The embedding model failed; try again', { cause: error });
    }
  };
  return new SharedBatches(run, { maxItems: PER_BATCH, maxInFlight: 1 });
}

/** @throws Fault `embedding.misconfigured` with the line that installs the package */
export function assertInstalled(name: string): void {
  try {
    createRequire(import.meta.url).resolve(name);
  } catch (cause) {
    const fix = `npm install --no-save --ignore-scripts ${name}@${VERSION}`;
    throw new Fault(
      'embedding.misconfigured',
      `The package ${name} is not installed; install it with: ${fix}`,
      {
        cause,
      },
    );
  }
}
