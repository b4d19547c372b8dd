import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { newId } from '../kernel/ids.js';
import { PROBLEM_TYPE, headOf } from './problem.js';

const REASONS: Readonly<Record<string, { status: number; detail: string }>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, detail: 'The request did not arrive in time.' },
  HPE_HEADER_OVERFLOW: { status: 431, detail: 'The headers are larger than 16 KiB together.' },
};
const BROKEN = { status: 400, detail: 'This is not HTTP/1.1.' };

/** Answers bytes that are no HTTP request, of which Fastify never hears. */
export function answerBrokenHttp(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, detail } = REASONS[error.code ?? ''] ?? BROKEN;
  const body = JSON.stringify({ ...headOf('request.malformed'), status, detail, request_id: newId() });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
