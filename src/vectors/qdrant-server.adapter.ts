import {
  QdrantClient,
  QdrantClientResourceExhaustedError,
  QdrantClientTimeoutError,
} from '@qdrant/js-client-rest';
import { Fault } from '../kernel/fault.js';
import { repeat } from '../kernel/repeat.js';
import { vectorRequested } from './vector-telemetry.js';

export interface QdrantAddress {
  /** Port 6333 when it names none, as everywhere with Qdrant; a path is kept. */
  url: string;
  apiKey?: string;
}

export interface QdrantPatience {
  /** Until one request counts as lost. */
  timeoutMs: number;
  /** How long a request that failed is tried again. */
  patienceMs: number;
}

const PATIENCE: QdrantPatience = { timeoutMs: 5_000, patienceMs: 8_000 };
const DEFAULT_PORT = 6_333;
const EXPLICIT_PORT = /^https?:\/\/[^/?#]*:(\d+)(?:[/?#]|$)/i;
const NOT_FOUND = 404;
const TOO_MANY = 429;
const FORBIDDEN = new Set([401, 403]);

/** A Qdrant server or cluster: requests with a time limit, tried again while that can help, and told to the metrics. */
export class QdrantServer {
  private readonly client: QdrantClient;
  private readonly patienceMs: number;

  constructor(address: QdrantAddress, { timeoutMs, patienceMs }: QdrantPatience = PATIENCE) {
    const { protocol, hostname, pathname } = new URL(address.url);
    this.patienceMs = patienceMs;
    this.client = new QdrantClient({
      host: hostname,
      port: Number(EXPLICIT_PORT.exec(address.url)?.[1] ?? DEFAULT_PORT),
      https: protocol === 'https:',
      prefix: pathname === '/' ? undefined : pathname.replace(/\/$/, ''),
      // As a header of our own: the client warns on the console of a key without TLS, which is the operator's choice.
      headers: address.apiKey === undefined ? undefined : { 'api-key': address.apiKey },
      timeout: timeoutMs,
      checkCompatibility: false,
    });
  }

  /**
   * One request, whose repetition must be harmless.
   * @throws Fault `vectors.unavailable`, `vectors.collection_lost`
   */
  async ask<T>(kind: string, request: (client: QdrantClient) => Promise<T>): Promise<T> {
    try {
      return await repeat(() => this.once(kind, request), isPassing, this.patienceMs);
    } catch (error) {
      throw toFault(kind, error);
    }
  }

  /** @returns `null` where there is no such thing */
  async find<T>(kind: string, request: (client: QdrantClient) => Promise<T>): Promise<T | null> {
    return this.ask(kind, (client) =>
      request(client).catch((error: unknown) => {
        if (statusOf(error) === NOT_FOUND) return null;
        throw error;
      }),
    );
  }

  /** @throws Fault `vectors.unavailable` when the server does not answer, or does not know the key; asks once */
  async health(): Promise<void> {
    try {
      await this.once('health', (client) => client.collectionExists('intake'));
    } catch (error) {
      throw toFault('health', error);
    }
  }

  private async once<T>(kind: string, request: (client: QdrantClient) => Promise<T>): Promise<T> {
    const startMs = performance.now();
    const tell = (outcome: 'ok' | 'error' | 'timeout') =>
      vectorRequested.publish({ kind, outcome, durationMs: performance.now() - startMs });
    try {
      const answer = await request(this.client);
      tell('ok');
      return answer;
    } catch (error) {
      tell(error instanceof QdrantClientTimeoutError ? 'timeout' : 'error');
      throw error;
    }
  }
}

/** Whether the same request may succeed a moment later. */
function isPassing(error: unknown): boolean {
  if (error instanceof QdrantClientResourceExhaustedError) return false;
  const status = statusOf(error);
  return status === null ? !(error instanceof SyntaxError) : status >= 500 || status === TOO_MANY;
}

function toFault(kind: string, error: unknown): Fault {
  if (Fault.is(error)) return error;
  const options = { cause: error, internal: `${kind}: ${describe(error)}` };
  const status = statusOf(error);
  if (error instanceof QdrantClientResourceExhaustedError)
    return new Fault('vectors.unavailable', 'Qdrant asks to be spared for now.', {
      ...options,
      retryAfterSeconds: error.retry_after,
    });
  if (status === NOT_FOUND)
    return new Fault(
      'vectors.collection_lost',
      'Qdrant has lost the collection; fill a new one: `intake rebuild-vectors`.',
      options,
    );
  if (status !== null && FORBIDDEN.has(status))
    return new Fault('vectors.unavailable', 'Qdrant refuses the key; check QDRANT_API_KEY.', options);
  const said =
    status === null ? 'cannot be reached; check QDRANT_URL' : `refused a request (${status}); see the log`;
  return new Fault('vectors.unavailable', `Qdrant ${said}.`, options);
}

function statusOf(error: unknown): number | null {
  const { status } = (error ?? {}) as { status?: unknown };
  return typeof status === 'number' ? status : null;
}

function describe(error: unknown): string {
  const { data } = (error ?? {}) as { data?: unknown };
  return `${String(error)} ${JSON.stringify(data ?? null).slice(0, 500)}`;
}
