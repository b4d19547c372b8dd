import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../config/config.js';
import type { Fault } from '../kernel/fault.js';
import { faultFrom } from './fault-from-error.js';
import { linger } from './linger.js';
import { PROBLEM_TYPE, problemOf, retryAfterOf } from './problem.js';

/** Renders everything thrown as a problem document; what is no fault of ours stays in the log. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly log = new Logger(ProblemFilter.name);

  constructor(private readonly config: Config) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const fault = faultFrom(error, this.config.bodyMaxBytes);
    this.record(fault, request.id);
    if (reply.sent || reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    sendProblem(request, reply, fault);
  }

  private record(fault: Fault, requestId: string): void {
    const { code, detail, options } = fault;
    const line = { msg: detail, code, request_id: requestId, internal: options.internal, err: options.cause };
    if (code === 'internal') this.log.error(line);
    else if (fault.status >= 500) this.log.warn(line);
    else this.log.debug(line);
  }
}

export function sendProblem(request: FastifyRequest, reply: FastifyReply, fault: Fault): void {
  const retryAfter = retryAfterOf(fault);
  linger(request.raw, reply);
  reply
    .code(fault.status)
    .header('content-type', PROBLEM_TYPE)
    .header('x-request-id', request.id)
    .headers(retryAfter === undefined ? {} : { 'retry-after': retryAfter })
    .send(JSON.stringify(problemOf(fault, request.id)));
}
