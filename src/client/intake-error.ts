import type { FieldError } from '../kernel/fault.js';

/** What a server's problem document says, in our words. */
interface ErrorFacts {
  /** The server's stable code, `http.<status>` of an answer that names none, or one of {@link ClientCode}. */
  code: string;
  detail: string;
  /** `null` when no answer came. */
  status?: number | null;
  errors?: readonly FieldError[];
  requestId?: string | null;
  retryAfterMs?: number | null;
  cause?: unknown;
}

/** Codes of faults that no server reported. */
export type ClientCode = 'client.unreachable' | 'client.timeout' | 'client.unexpected_answer' | 'client.file';

/** Everything that can go wrong with a call: decide by `code`, show `detail`. */
export class IntakeError extends Error {
  override readonly name = 'IntakeError';
  readonly code: string;
  readonly detail: string;
  readonly status: number | null;
  /** Every fault of the input. */
  readonly errors: readonly FieldError[];
  /** Names the call in the server's logs. */
  readonly requestId: string | null;
  /** How long the server asks to be left alone. */
  readonly retryAfterMs: number | null;

  constructor(facts: ErrorFacts) {
    super(`${facts.code}: ${facts.detail}`, { cause: facts.cause });
    this.code = facts.code;
    this.detail = facts.detail;
    this.status = facts.status ?? null;
    this.errors = facts.errors ?? [];
    this.requestId = facts.requestId ?? null;
    this.retryAfterMs = facts.retryAfterMs ?? null;
  }
}

/** No answer came, and perhaps none of our doing: the network, or a server that is away. */
export function isUnanswered(error: IntakeError): boolean {
  return error.code === 'client.unreachable' || error.code === 'client.timeout';
}
