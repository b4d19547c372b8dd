import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import { backoffMs } from '../kernel/backoff.js';
import { newId } from '../kernel/ids.js';
import { errorOf, networkError, parseAnswer, type Answer } from './answer.js';
import { IntakeError, isUnanswered } from './intake-error.js';

const MAX_RETRIES = 4;
/** A server that wants a longer pause is given up. */
const MAX_PAUSE_MS = 30_000;
const BACKOFF = { baseMs: 200, factor: 2, maxMs: 5_000, jitter: 0.2 };
const TIMEOUT_MS = 30_000;
const UPLOAD_TIMEOUT_MS = 3_600_000;

/** Without these two `fetch` keeps a copy of the whole body, in case a redirect asks for it again. */
const UNCOPIED = { window: null, redirect: 'error' } as const;

export interface ClientOptions {
  /** Where Intake listens; a path in it is kept in front of every call's own. */
  url: string;
  apiKey?: string;
  fetch?: typeof fetch;
}

export interface CallOptions {
  signal?: AbortSignal;
}

export interface Call extends CallOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  query?: Readonly<Record<string, string | number | undefined>>;
  json?: unknown;
  form?: FormData;
  /** A POST that changes nothing may be repeated like a GET. */
  reads?: boolean;
  /** Work that is created may be repeated too: the server knows it by a key that all repeats share. */
  creates?: boolean;
}

/** Calls over HTTP: bounded repeats where they are harmless, every failure as an {@link IntakeError}. */
export class HttpCalls {
  private readonly base: string;
  private readonly fetch: typeof fetch;

  /** @throws TypeError for text that is no URL */
  constructor(private readonly options: ClientOptions) {
    this.base = new URL(options.url).href.replace(/\/+$/, '');
    this.fetch = options.fetch ?? globalThis.fetch;
  }

  async json<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    call: Call = {},
  ): Promise<z.output<Schema>> {
    return parseAnswer(await this.send(path, call), schema);
  }

  async text(path: string, call: Call = {}): Promise<string> {
    return (await this.send(path, call)).text;
  }

  /** @returns the body as it is */
  async bytes(path: string, call: Call = {}): Promise<Uint8Array> {
    return (await this.send(path, call)).bytes;
  }

  private async send(path: string, call: Call): Promise<Answer> {
    const url = new URL(this.base + path);
    for (const [name, value] of Object.entries(call.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const headers = this.headersOf(call);
    for (let retry = 1; ; retry += 1) {
      try {
        return await this.sendOnce(url, headers, call);
      } catch (error) {
        const pauseMs = retry <= MAX_RETRIES ? pauseBefore(retry, error, call) : null;
        if (pauseMs === null) throw error;
        await delay(pauseMs, undefined, { signal: call.signal });
      }
    }
  }

  private headersOf(call: Call): Record<string, string> {
    return {
      ...(this.options.apiKey ? { authorization: `Bearer ${this.options.apiKey}` } : {}),
      ...(call.json === undefined ? {} : { 'content-type': 'application/json' }),
      ...(call.creates ? { 'idempotency-key': newId() } : {}),
    };
  }

  private async sendOnce(url: URL, headers: Record<string, string>, call: Call): Promise<Answer> {
    const method = call.method ?? 'GET';
    const limit = AbortSignal.timeout(call.form ? UPLOAD_TIMEOUT_MS : TIMEOUT_MS);
    const signal = call.signal ? AbortSignal.any([call.signal, limit]) : limit;
    const body = call.form ?? (call.json === undefined ? undefined : JSON.stringify(call.json));
    let answer: Answer;
    try {
      const response = await this.fetch(url, { method, headers, body, signal, ...UNCOPIED });
      const bytes = new Uint8Array(await response.arrayBuffer());
      answer = {
        status: response.status,
        headers: response.headers,
        bytes,
        text: new TextDecoder().decode(bytes),
        call: `${method} ${url.origin}${url.pathname}`,
      };
    } catch (error) {
      call.signal?.throwIfAborted();
      throw networkError(error, url);
    }
    if (answer.status < 200 || answer.status > 299) throw errorOf(answer);
    return answer;
  }
}

/** @returns milliseconds, or `null` when another try could do harm or would not help */
function pauseBefore(retry: number, error: unknown, call: Call): number | null {
  if (!(error instanceof IntakeError)) return null;
  const harmless = (call.method ?? 'GET') === 'GET' || call.reads === true || call.creates === true;
  const busy = error.status === 429 || error.status === 503 || error.code === 'idempotency.in_flight';
  if (!busy && !(isUnanswered(error) && harmless)) return null;
  const pauseMs = error.retryAfterMs ?? backoffMs(BACKOFF, retry);
  return pauseMs <= MAX_PAUSE_MS ? pauseMs : null;
}
