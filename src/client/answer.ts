import { z } from 'zod';
import { IntakeError } from './intake-error.js';

/** An answer read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly bytes: Uint8Array;
  /** `GET https://.../api/tasks`, for messages. */
  readonly call: string;
}

/** RFC 9457 as far as it helps; a proxy in between may answer with less. */
const Problem = z.object({
  code: z.string().optional().catch(undefined),
  detail: z.string().optional().catch(undefined),
  title: z.string().optional().catch(undefined),
  request_id: z.string().optional().catch(undefined),
  errors: z
    .array(z.object({ path: z.string(), message: z.string() }))
    .optional()
    .catch(undefined),
});

/** @throws IntakeError client.unexpected_answer when it is not what this version of Intake answers */
export function parseAnswer<Schema extends z.ZodType>(answer: Answer, schema: Schema): z.output<Schema> {
  const parsed = schema.safeParse(jsonOf(answer.text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.length ? ` (${issue.path.join('.')}: ${issue.message})` : '';
  throw new IntakeError({
    code: 'client.unexpected_answer',
    status: answer.status,
    detail: `${answer.call} answered ${answer.status}, but not with what Intake says there${where}; is it Intake, and of this version?`,
  });
}

/** What an answer outside of 2xx means. */
export function errorOf({ status, headers, text, call }: Answer): IntakeError {
  const problem = Problem.catch({}).parse(jsonOf(text));
  return new IntakeError({
    code: problem.code ?? `http.${status}`,
    detail: problem.detail ?? problem.title ?? `${call} answered ${status}`,
    status,
    errors: problem.errors,
    requestId: problem.request_id ?? headers.get('x-request-id'),
    retryAfterMs: retryAfterMs(headers.get('retry-after')),
  });
}

/** What a call without an answer means. */
export function networkError(cause: unknown, url: URL): IntakeError {
  if (cause instanceof Error && cause.name === 'TimeoutError') {
    return new IntakeError({ code: 'client.timeout', detail: `${url.origin} did not answer in time`, cause });
  }
  const root = cause instanceof Error && cause.cause instanceof Error ? cause.cause : (cause as Error);
  const { code, message } = root as NodeJS.ErrnoException;
  const why = (code && REASONS[code]) || message || code || String(cause);
  return new IntakeError({ code: 'client.unreachable', detail: `Cannot reach ${url.origin}: ${why}`, cause });
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused; is Intake running there?',
  ECONNRESET: 'the connection broke',
  ENOTFOUND: 'there is no host of this name',
  EAI_AGAIN: 'the name cannot be resolved now',
  ETIMEDOUT: 'the host does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'the host does not answer',
  UND_ERR_SOCKET: 'the connection broke',
};

/** Seconds only: Intake sends no dates. */
function retryAfterMs(header: string | null): number | null {
  return header && /^\d+$/.test(header) ? Number(header) * 1_000 : null;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
