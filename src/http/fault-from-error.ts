import { HttpException } from '@nestjs/common';
import { asDatabaseFault } from '../database/database-fault.js';
import type { FaultCode } from '../kernel/fault-codes.js';
import { Fault } from '../kernel/fault.js';

/** What Nest and Fastify refuse by themselves; 406 is a form route that was sent no form. */
const CODE_OF_STATUS: Readonly<Record<number, FaultCode>> = {
  404: 'route.not_found',
  406: 'request.unsupported_media_type',
  413: 'request.too_large',
  415: 'request.unsupported_media_type',
  422: 'request.invalid',
};

interface Refusal {
  status: number;
  message: string;
}

/**
 * The fault that a caller sees for any thrown value. What nobody foresaw becomes `internal` and says nothing more.
 * @param bodyMaxBytes named in the answer to a body that exceeds it
 */
export function faultFrom(error: unknown, bodyMaxBytes: number): Fault {
  if (error instanceof Fault) return error;
  const refusal = refusalOf(error);
  if (refusal) return refused(refusal, bodyMaxBytes, error);
  return asDatabaseFault(error) ?? unexpected(error);
}

function unexpected(cause: unknown): Fault {
  return new Fault(
    'internal',
    'Nothing is wrong with the request. Quote the request_id when you report this.',
    {
      cause,
    },
  );
}

/** A 4xx of Nest, or of Fastify before Nest sees the request; their 5xx are ours to explain. */
function refusalOf(error: unknown): Refusal | null {
  if (error instanceof HttpException && error.getStatus() < 500) {
    return { status: error.getStatus(), message: error.message };
  }
  const { name, statusCode, message } = error as { name?: unknown; statusCode?: unknown; message?: unknown };
  if (name !== 'FastifyError' || typeof statusCode !== 'number' || statusCode >= 500) return null;
  return { status: statusCode, message: String(message) };
}

function refused({ status, message }: Refusal, bodyMaxBytes: number, cause: unknown): Fault {
  const code = CODE_OF_STATUS[status] ?? 'request.malformed';
  return new Fault(code, detailOf(code, message, bodyMaxBytes), { cause });
}

function detailOf(code: FaultCode, message: string, bodyMaxBytes: number): string {
  if (code === 'request.too_large') {
    return `A body may have at most ${bodyMaxBytes} bytes (BODY_MAX_BYTES); send files as forms to the upload routes.`;
  }
  if (code === 'request.unsupported_media_type') {
    return 'Send JSON with `Content-Type: application/json`; upload routes take `multipart/form-data`.';
  }
  return code === 'route.not_found' ? nothingAt(message) : message;
}

/** Nest says `Cannot GET /path?query`; a query may hold a token. */
function nothingAt(message: string): string {
  const [, call = 'such route'] = /^Cannot (\w+ [^?]+)/.exec(message) ?? [];
  return `There is no ${call}; /docs lists what there is.`;
}
