import { Logger } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { LogContext } from '../telemetry/log-context.js';
import type { Metrics } from '../telemetry/metrics.registry.js';
import { nameRequestSpan, validTraceparent } from '../telemetry/traceparent.js';

const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Asked every few seconds by machines: their lines would bury the others. */
const QUIET = /^\/(?:health|metrics|docs)/;

/** Gives every request its id in the answer and in the log, one line and one observation at its end. */
export function observeRequests(fastify: FastifyInstance, metrics: Metrics): void {
  const log = new Logger('http');
  const durations = metrics.histogram(
    'http_request_duration_seconds',
    'Time from the first byte of a request to the last of its answer',
    ['method', 'route', 'status'],
    DURATION_BUCKETS,
  );
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    nameRequestSpan(request.method, routeOf(request));
    LogContext.run({ request_id: request.id, traceparent: traceparentOf(request) }, done);
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = routeOf(request);
    durations.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1_000);
    log[QUIET.test(request.url) ? 'debug' : 'log'](lineOf(request, reply, route));
    done();
  });
}

/** The pattern of a route, never a path: a bounded set. */
function routeOf({ routeOptions }: FastifyRequest): string {
  return routeOptions.url ?? 'unknown';
}

function lineOf(request: FastifyRequest, reply: FastifyReply, route: string) {
  const [path] = request.originalUrl.split('?', 1);
  return {
    msg: `${request.method} ${path} ${reply.statusCode}`,
    route,
    status: reply.statusCode,
    ms: Math.round(reply.elapsedTime * 10) / 10,
    request_id: request.id,
  };
}

function traceparentOf({ headers }: FastifyRequest): string | undefined {
  const given = headers['traceparent'];
  return validTraceparent(typeof given === 'string' ? given : undefined);
}
