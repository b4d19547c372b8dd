import { FAULT_CODES, type FaultCode } from './fault-codes.js';

export interface FieldError {
  /** JSON path of the faulty value, dotted; empty for the whole body. */
  path: string;
  message: string;
}

export interface FaultOptions {
  /** Every fault found in the input. */
  errors?: readonly FieldError[];
  /** For logs only; never leaves the process. */
  internal?: string;
  retryAfterSeconds?: number;
  /** Overrides the registry, for instance a 503 of a called service that asks us not to come back. */
  retryable?: boolean;
  /** Extra members of the problem document, such as `links`. */
  extensions?: Readonly<Record<string, unknown>>;
  cause?: unknown;
}

/** The one error of this house: a registered code, a text for people outside and one for the log. */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;

  /** @param detail shown to callers: says what is wrong, the limit, and the fix */
  constructor(
    readonly code: FaultCode,
    readonly detail: string,
    readonly options: FaultOptions = {},
  ) {
    super(`${code}: ${detail}`, { cause: options.cause });
    const entry = FAULT_CODES[code];
    this.status = entry.status;
    this.title = entry.title;
    this.retryable = options.retryable ?? entry.retryable;
  }

  /** The same, said of the field that is to be mended. */
  about(field: string): Fault {
    return new Fault(this.code, `${field}: ${this.detail}`, { ...this.options, cause: this });
  }

  static is(error: unknown, code?: FaultCode): error is Fault {
    return error instanceof Fault && (code === undefined || error.code === code);
  }
}

/** Work that a field of the request asked for. @throws as the work does, faults naming the field; the signal's reason */
export async function naming<T>(field: string, work: Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw Fault.is(error) && !signal.aborted ? error.about(field) : error;
  }
}
