import { retryAfterMs } from '../http/retry-after.js';
import { Fault } from '../kernel/fault.js';
import { storableText } from '../kernel/storable.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Between one attempt and the next; after the last one a delivery has failed. */
const PAUSES_MS = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];
export const MAX_ATTEMPTS = PAUSES_MS.length + 1;
/** Receivers that failed together shall not be called together. */
const JITTER = 0.2;
const MAX_ERROR_LENGTH = 500;
const GONE = 410;

/** What an attempt came to. */
export interface Attempted {
  statusCode?: number;
  /** How the answer begins. */
  response?: string;
  /** As it came. */
  retryAfter?: string;
  /** Instead of an answer. */
  error?: unknown;
}

export interface Verdict {
  status: 'succeeded' | 'failed' | 'pending';
  /** For counting: `gone` wants no more callbacks of this task or batch. */
  outcome: 'succeeded' | 'retried' | 'failed' | 'gone';
  /** Until the next attempt. */
  delayMs: number;
  statusCode: number | null;
  error: string | null;
  response: string | null;
}

/**
 * What follows from an attempt: 2xx is success, 410 ends it, anything else (a redirect too) is tried again.
 * @param attempts begun so far, this one included
 * @param nowMs what the receiver's clock is taken to say, for a `Retry-After` that is a date
 */
export function verdictOn(
  attempted: Attempted,
  attempts: number,
  nowMs: number,
  random = Math.random,
): Verdict {
  const { statusCode = null, response } = attempted;
  const told = { delayMs: 0, statusCode, response: response ? storableText(response) : null };
  if (statusCode !== null && statusCode >= 200 && statusCode < 300)
    return { ...told, status: 'succeeded', outcome: 'succeeded', error: null };
  const error = storableText(errorOf(attempted)).slice(0, MAX_ERROR_LENGTH);
  if (statusCode === GONE) return { ...told, status: 'failed', outcome: 'gone', error };
  if (attempts >= MAX_ATTEMPTS) return { ...told, status: 'failed', outcome: 'failed', error };
  const delayMs = Math.max(pauseMs(attempts, random), retryAfterMs(attempted.retryAfter, nowMs));
  return { ...told, status: 'pending', outcome: 'retried', error, delayMs };
}

/** @param attempts spent, from 1 */
export function pauseMs(attempts: number, random = Math.random): number {
  const ms = PAUSES_MS[Math.min(attempts, PAUSES_MS.length) - 1] ?? 0;
  return Math.round(ms * (1 + JITTER * random()));
}

function errorOf({ statusCode, error }: Attempted): string {
  if (statusCode === undefined) return Fault.is(error) ? `${error.code}: ${error.detail}` : String(error);
  if (statusCode === GONE) return 'The receiver answered 410: it wants no more callbacks of this';
  if (statusCode >= 300 && statusCode < 400)
    return `The receiver answered ${statusCode}; redirects are not followed, send the final address`;
  return `The receiver answered ${statusCode}`;
}
