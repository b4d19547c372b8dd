import { Body, Controller, HttpStatus, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { IdempotencyKey } from '../http/idempotency-key.decorator.js';
import { Faults, Returns } from '../http/returns.decorator.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { Scope } from '../tenants/tenant-scope.decorator.js';
import { BULK_RETURNS, BulkAnswer, answerBulk } from './bulk-answer.js';
import { CancelTasks, CleanUp, CleanedUp, Flush, Flushed } from './bulk.contract.js';
import { BulkService } from './bulk.service.js';

@ApiTags('Tasks')
@Controller('api/tasks')
export class BulkTasksController {
  constructor(private readonly bulk: BulkService) {}

  @Post('cancel')
  @Returns(HttpStatus.ACCEPTED, BulkAnswer, {
    ...BULK_RETURNS,
    summary: 'Cancel chosen tasks that are not final, in the background',
    description: 'Only tasks that came before the call. What runs is asked to stop.',
  })
  @Faults('idempotency.mismatch', 'idempotency.in_flight')
  async cancel(
    @Scope() scope: TenantScope,
    @Body({ schema: CancelTasks }) body: CancelTasks,
    @IdempotencyKey() idempotencyKey: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (body.dry_run) return answerBulk(reply, await this.bulk.preview(scope, 'live', body.filter));
    return answerBulk(reply, await this.bulk.cancel(scope, body, idempotencyKey));
  }
}

@ApiTags('Queue')
@Controller('api/queue')
export class QueueCleaningController {
  constructor(private readonly bulk: BulkService) {}

  @Post('cleanup')
  @Returns(HttpStatus.OK, CleanedUp, {
    summary: 'Remove completed and cancelled tasks that ended long enough ago',
    description: 'Documents, images and receipts stay. What a batch or a live task still needs stays too.',
  })
  cleanUp(
    @Scope() scope: TenantScope,
    @Body({ schema: CleanUp.default({ older_than_hours: 24, include_failed: false }) }) body: CleanUp,
  ) {
    return this.bulk.cleanUp(scope, body);
  }

  @Post('flush')
  @Returns(HttpStatus.OK, Flushed, {
    summary: 'Cancel everything that waits',
    description: 'Needs ALLOW_FLUSH=true where the API runs. What runs goes on.',
  })
  @Faults('queue.flush_forbidden')
  flush(@Scope() scope: TenantScope, @Body({ schema: Flush }) body: Flush) {
    return this.bulk.flush(scope, body);
  }
}
