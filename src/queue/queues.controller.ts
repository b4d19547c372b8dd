import { Controller, Get, HttpCode, HttpStatus, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { PageQuery, decodeCursor, pageOf, toPage } from '../http/page.js';
import { Faults, Returns } from '../http/returns.decorator.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { queueNameOf } from '../tasks/queue-names.js';
import { QueuePausesService } from '../tasks/queue-pauses.service.js';
import { Scope } from '../tenants/tenant-scope.decorator.js';
import { QueueView } from './queue.contract.js';
import { QueueService } from './queue.service.js';

@ApiTags('Queue')
@Controller('api/queue/queues')
export class QueuesController {
  constructor(
    private readonly queues: QueueService,
    private readonly pauses: QueuePausesService,
  ) {}

  @Get()
  @Returns(HttpStatus.OK, pageOf(QueueView), {
    summary: 'Every queue by name: paused or not, window, workers',
  })
  async list(@Scope() scope: TenantScope, @Query({ schema: PageQuery }) query: z.output<typeof PageQuery>) {
    const after = decodeCursor(query.cursor, z.string());
    const views = await this.queues.list(scope);
    const rest = views.filter(({ name }) => after === undefined || name > after);
    return toPage(rest.slice(0, query.limit + 1), query.limit, ({ name }) => name);
  }

  @Post(':name/pause')
  @HttpCode(HttpStatus.OK)
  @Returns(HttpStatus.OK, QueueView, {
    summary: 'Pause a queue: once this is answered none of its tasks starts anywhere; what runs goes on',
  })
  @Faults('queue.unknown')
  pause(@Scope() scope: TenantScope, @Param('name') name: string) {
    return this.set(scope, queueNameOf(name), true);
  }

  @Post(':name/resume')
  @HttpCode(HttpStatus.OK)
  @Returns(HttpStatus.OK, QueueView, { summary: 'Let a paused queue go on' })
  @Faults('queue.unknown')
  resume(@Scope() scope: TenantScope, @Param('name') name: string) {
    return this.set(scope, queueNameOf(name), false);
  }

  /** Without keys every caller is the operator, who acts on the whole queue; a tenant's key will act on `setShare`. */
  private async set(scope: TenantScope, name: string, paused: boolean) {
    await this.pauses.setQueue(name, paused);
    return this.queues.one(scope, name);
  }
}
