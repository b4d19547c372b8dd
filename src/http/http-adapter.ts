import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config/config.js';
import { Fault } from '../kernel/fault.js';
import { newId } from '../kernel/ids.js';
import { answerBrokenHttp } from './broken-http.js';
import { faultFrom } from './fault-from-error.js';
import { parseJsonBody } from './json-body.js';
import { sendProblem } from './problem.filter.js';

/** Routes that live at the root; everything else lives under `/api` and answers without it too. */
const AT_ROOT = /^\/(?:api|health|metrics|docs|console|ws)(?:[/?]|$)|^[^/]/;
const REQUEST_ID = /^[\w.:/=+@-]{1,128}$/;
/** Longest value in a path: an id of 255 characters, percent-encoded. */
const MAX_PATH_VALUE = 255 * 12;
/** A connection on which nothing moves is closed; streams send a comment more often. */
const IDLE_CONNECTION_MS = 120_000;

/** Fastify as we need it: JSON only, bodies and nesting bounded, ids for every request, forms as streams. */
export function createHttpAdapter(config: Config): FastifyAdapter {
  const adapter = new FastifyAdapter({
    bodyLimit: config.bodyMaxBytes,
    trustProxy: false,
    return503OnClosing: false,
    connectionTimeout: IDLE_CONNECTION_MS,
    routerOptions: { maxParamLength: MAX_PATH_VALUE },
    genReqId: requestIdOf,
    rewriteUrl: ({ url = '/' }) => (AT_ROOT.test(url) ? url : `/api${url}`),
    frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) =>
      sendProblem(request, reply, faultFrom(error, config.bodyMaxBytes)),
    clientErrorHandler: answerBrokenHttp,
    multipart: {},
  });
  acceptJsonOnly(adapter, config.bodyMaxBytes);
  return adapter;
}

/** The caller's `X-Request-Id` when it is short and plain, otherwise a new id. */
function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : newId();
}

function acceptJsonOnly(adapter: FastifyAdapter, bodyLimit: number): void {
  const fastify = adapter.getInstance();
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit },
    ({ headers }, body, done) => {
      try {
        refuseEncoded(headers);
        done(null, parseJsonBody(body as Buffer));
      } catch (error) {
        done(error as Error);
      }
    },
  );
}

function refuseEncoded({ 'content-encoding': encoding = 'identity' }: IncomingHttpHeaders): void {
  if (encoding.toLowerCase() === 'identity') return;
  throw new Fault('request.unsupported_media_type', 'Send the body as it is, without `Content-Encoding`.');
}
