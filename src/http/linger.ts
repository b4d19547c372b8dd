import type { IncomingMessage } from 'node:http';
import type { FastifyReply } from 'fastify';

/** How long a caller may go on sending a body that was refused. */
const LINGER_MS = 5_000;

/**
 * Lets a caller who is still sending read why it was refused. Closing at once would reset the connection and with it
 * our answer (RFC 9112, 9.6), so the rest of the body is read and dropped for a while; then the connection ends.
 */
export function linger(request: IncomingMessage, reply: FastifyReply): void {
  if (request.complete || request.destroyed) return;
  reply.header('connection', 'keep-alive');
  request.resume();
  const end = setTimeout(() => request.destroy(), LINGER_MS).unref();
  request.once('close', () => clearTimeout(end));
}
