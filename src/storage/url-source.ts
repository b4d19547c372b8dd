import type { Readable } from 'node:stream';
import type { Outbound, OutboundLimits, OutboundResponse } from '../http/outbound.js';
import { retryAfterMs } from '../http/retry-after.js';
import { Fault } from '../kernel/fault.js';

/** Where bytes come from, opened. */
export interface OpenedSource {
  stream: Readable;
  /** As announced; absent where nobody says. */
  sizeBytes?: number;
  /** As claimed. */
  contentType?: string;
}

/** The attempt's own time limit is mostly the nearer one. The size is the reader's to watch. */
const LIMITS: OutboundLimits = {
  totalMs: 3_600_000,
  idleMs: 30_000,
  maxBytes: Infinity,
  maxRedirects: 5,
};
const FINE = [200, 203];
const GONE = [404, 410];
const BUSY = [408, 425, 429];

/**
 * Opens what a URL leads to, by the guarded way out.
 * @param nowMs for a `Retry-After` that is a date
 * @throws Fault source.not_found, source.refused, source.unavailable (with the time that the host asks for),
 * outbound.forbidden, outbound.unreachable, outbound.timeout; the signal's reason
 */
export async function openUrl(
  outbound: Outbound,
  url: string,
  nowMs: number,
  { signal, limits = LIMITS }: { signal?: AbortSignal; limits?: OutboundLimits } = {},
): Promise<OpenedSource> {
  const answer = await outbound.send({ url, limits, signal });
  if (!FINE.includes(answer.status)) {
    answer.body.destroy();
    throw refusalOf(answer, nowMs);
  }
  const length = answer.headers['content-length'];
  return {
    stream: answer.body,
    sizeBytes: length === undefined ? undefined : Number(length),
    contentType: answer.headers['content-type']?.split(';')[0]?.trim(),
  };
}

function refusalOf({ status, headers }: OutboundResponse, nowMs: number): Fault {
  const said = `The host of the source answered ${status}`;
  if (GONE.includes(status))
    return new Fault('source.not_found', `${said}. Name a URL that leads to a file.`);
  if (status >= 500 || BUSY.includes(status)) {
    const seconds = retryAfterMs(headers['retry-after'], nowMs) / 1_000;
    return new Fault('source.unavailable', `${said}.`, { retryAfterSeconds: seconds || undefined });
  }
  const hint =
    status >= 300 && status < 400
      ? `; it leads on more than ${LIMITS.maxRedirects} times, or nowhere. Name where the file lies`
      : '. Name a URL that answers without being logged in';
  return new Fault('source.refused', `${said}${hint}.`);
}
