import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Returns } from '../http/returns.decorator.js';
import { HealthReport, HealthState } from './health.contract.js';
import { HealthService } from './health.service.js';

const NOT_NOW = { 503: 'Not now' };

@Controller('health')
export class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get('live')
  @Returns(200, HealthState, { summary: 'The process runs' })
  live(): HealthState {
    return { status: 'ok' };
  }

  @Get('ready')
  @Returns(200, HealthState, { summary: 'The process may be sent work', also: NOT_NOW })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthState> {
    return withStatus(reply, { status: await this.health.ready() });
  }

  @Get('startup')
  @Returns(200, HealthState, { summary: 'The process was ready once', also: NOT_NOW })
  async startup(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthState> {
    return withStatus(reply, { status: await this.health.started() });
  }

  @Get()
  @Returns(200, HealthReport, { summary: 'What the process depends on, check by check', also: NOT_NOW })
  async report(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthReport> {
    return withStatus(reply, await this.health.report());
  }
}

function withStatus<State extends HealthState>(reply: FastifyReply, state: State): State {
  reply.code(state.status === 'ok' || state.status === 'degraded' ? 200 : 503);
  return state;
}
