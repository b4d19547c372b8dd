import { text as readText } from 'node:stream/consumers';
import { z } from 'zod';
import type { Outbound } from '../../http/outbound.js';
import { retryAfterMs } from '../../http/retry-after.js';
import { Clock } from '../../kernel/clock.js';
import { Fault } from '../../kernel/fault.js';
import { unitVector } from '../../vectors/unit-vector.js';
import { SharedBatches, type Outcome } from './shared-batches.js';

export interface HttpEmbeddingSettings {
  /** Of the API, such as `https://models.example/v1`, or of its `/embeddings`. */
  readonly url: string;
  readonly model: string;
  readonly apiKey?: string;
  readonly dimension?: number;
}

export interface HttpEmbeddingLimits {
  /** For one request, to its last byte. */
  readonly timeoutMs: number;
  readonly maxInputs: number;
  readonly maxInFlight: number;
}

const MAX_ANSWER_BYTES = 64 * 1024 ** 2;
const MAX_SHOWN = 300;
/** The service says that it is these inputs; alone, one of them may pass. */
const REFUSED = [400, 413, 415, 422];
/** The service asks for something else than another try. */
const MISCONFIGURED = [401, 402, 403, 404, 405, 410];

const Answer = z.object({
  data: z.array(z.object({ index: z.int().nonnegative().optional(), embedding: z.array(z.number()).min(1) })),
});

/**
 * A service that speaks the embeddings call of OpenAI's API: `POST /embeddings {model, input: [...]}`. Inputs of several
 * callers share requests; a request that the service refuses is halved until the input that it dislikes stands alone.
 */
export class HttpEmbeddings {
  private readonly endpoint: string;
  private readonly batches: SharedBatches<string>;
  private readonly clock = new Clock();

  /**
   * @param space what both halves of a model for pictures and words share
   * @param extra further fields of each request
   */
  constructor(
    private readonly outbound: Outbound,
    private readonly settings: HttpEmbeddingSettings,
    private readonly limits: HttpEmbeddingLimits,
    private readonly space = new VectorSpace(settings.dimension),
    private readonly extra: Readonly<Record<string, string>> = {},
  ) {
    this.endpoint = endpointOf(settings.url);
    const { maxInputs, maxInFlight } = limits;
    this.batches = new SharedBatches((inputs, signal) => this.ask(inputs, signal), {
      maxItems: maxInputs,
      maxInFlight,
    });
  }

  /** @throws Fault `embedding.unavailable` before the service has told it */
  get dimension(): number {
    return this.space.known();
  }

  /** Asks the service for a vector when its length is not known. @throws as {@link embed} */
  async learnDimension(): Promise<void> {
    if (this.space.dimension === undefined) await this.embed(['dimension']);
  }

  /**
   * One unit vector per input, in order.
   * @throws Fault `embedding.unavailable` (with the service's `Retry-After`), `embedding.rejected`,
   * `embedding.misconfigured`; the signal's reason
   */
  embed(inputs: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    return this.batches.embed(inputs, signal);
  }

  private async ask(inputs: readonly string[], signal: AbortSignal): Promise<Outcome[]> {
    try {
      const vectors = await this.request(inputs, signal);
      return vectors.map((ok) => ({ ok }));
    } catch (error) {
      if (inputs.length === 1 || !Fault.is(error, 'embedding.rejected')) return inputs.map(() => ({ error }));
      const half = Math.ceil(inputs.length / 2);
      const first = await this.ask(inputs.slice(0, half), signal);
      return [...first, ...(await this.ask(inputs.slice(half), signal))];
    }
  }

  private async request(inputs: readonly string[], signal: AbortSignal): Promise<Float32Array[]> {
    const { status, headers, body } = await this.send(inputs, signal);
    if (status !== 200) throw this.refusal(status, headers['retry-after'], body);
    return this.vectorsOf(body, inputs.length);
  }

  private async send(inputs: readonly string[], signal: AbortSignal) {
    const { model, apiKey } = this.settings;
    try {
      const response = await this.outbound.send({
        url: this.endpoint,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
        },
        body: JSON.stringify({ model, input: inputs, encoding_format: 'float', ...this.extra }),
        limits: { totalMs: this.limits.timeoutMs, maxBytes: MAX_ANSWER_BYTES },
        signal,
      });
      return { status: response.status, headers: response.headers, body: await readText(response.body) };
    } catch (error) {
      signal.throwIfAborted();
      throw unavailable('cannot be reached', { cause: error });
    }
  }

  private refusal(status: number, retryAfter: string | undefined, body: string): Fault {
    const internal = `status ${status}: ${body.slice(0, MAX_SHOWN)}`;
    if (REFUSED.includes(status))
      return new Fault('embedding.rejected', `The embedding service refused the input (${status})`, {
        internal,
      });
    if (MISCONFIGURED.includes(status) || (status >= 300 && status < 400)) {
      const fix = 'check EMBEDDING_URL, EMBEDDING_API_KEY and EMBEDDING_MODEL';
      return new Fault('embedding.misconfigured', `The embedding service answered ${status}; ${fix}`, {
        internal,
      });
    }
    const seconds = retryAfterMs(retryAfter, this.clock.wallMs()) / 1_000;
    return unavailable(`answered ${status}`, {
      internal,
      ...(seconds > 0 ? { retryAfterSeconds: seconds } : {}),
    });
  }

  private vectorsOf(body: string, count: number): Float32Array[] {
    const answer = Answer.safeParse(jsonOf(body));
    if (!answer.success)
      throw unavailable('answered something else than embeddings', { internal: body.slice(0, MAX_SHOWN) });
    const vectors: Float32Array[] = [];
    answer.data.data.forEach(({ index, embedding }, at) => {
      vectors[index ?? at] = this.vectorOf(embedding);
    });
    const whole = vectors.length === count && Object.keys(vectors).length === count;
    if (!whole || answer.data.data.length !== count)
      throw unavailable(`answered ${answer.data.data.length} embeddings for ${count} inputs`);
    return vectors;
  }

  private vectorOf(embedding: readonly number[]): Float32Array {
    const dimension = (this.space.dimension ??= embedding.length);
    if (embedding.length !== dimension) {
      throw new Fault(
        'embedding.misconfigured',
        `The embedding service answers vectors of ${embedding.length} numbers where ${dimension} are expected; ` +
          'check EMBEDDING_MODEL and EMBEDDING_DIMENSION',
      );
    }
    try {
      return unitVector(Float32Array.from(embedding), dimension);
    } catch (cause) {
      throw new Fault('embedding.rejected', 'The embedding service answered a vector without direction', {
        cause,
      });
    }
  }
}

/** How long a service's vectors are: told by the operator, or by its first answer. */
export class VectorSpace {
  constructor(public dimension: number | undefined) {}

  known(): number {
    if (this.dimension !== undefined) return this.dimension;
    throw unavailable('has not told yet how long its vectors are; try again, or set EMBEDDING_DIMENSION');
  }
}

/** Only letters, digits, dots and dashes may name a collection of vectors. */
export function modelName({ model }: HttpEmbeddingSettings): string {
  return `http-${model.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`.replace(/-+$/, '');
}

function endpointOf(text: string): string {
  const url = new URL(text);
  const path = url.pathname.replace(/\/+$/, '');
  url.pathname = path.endsWith('/embeddings') ? path : `${path}/embeddings`;
  return url.href;
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

function unavailable(what: string, options: ConstructorParameters<typeof Fault>[2] = {}): Fault {
  return new Fault('embedding.unavailable', `The embedding service ${what}`, options);
}
