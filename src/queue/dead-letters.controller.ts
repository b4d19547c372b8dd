import { Body, Controller, Get, HttpStatus, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { IdempotencyKey } from '../http/idempotency-key.decorator.js';
import { PageQuery, decodeCursor, pageOf, toPage } from '../http/page.js';
import { Faults, Returns } from '../http/returns.decorator.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { TaskControlService } from '../tasks/task-control.service.js';
import { TASK_FILTER } from '../tasks/task-filter.contract.js';
import { TaskView } from '../tasks/tasks.contract.js';
import { Scope } from '../tenants/tenant-scope.decorator.js';
import { BULK_RETURNS, BulkAnswer, answerBulk } from './bulk-answer.js';
import { DeadLetterCause, DiscardDeadLetters, ReplayDeadLetters } from './bulk.contract.js';
import { BulkService } from './bulk.service.js';

const SummaryQuery = PageQuery.extend(TASK_FILTER);
const ListQuery = SummaryQuery.extend({
  q: z.string().min(1).max(255).optional().describe('Text in ids, tags or the error'),
});
const SummaryCursor = z.object({ count: z.int(), key: z.string() });

@ApiTags('Queue')
@Controller('api/queue/dead-letters')
export class DeadLettersController {
  constructor(
    private readonly bulk: BulkService,
    private readonly tasks: TaskControlService,
  ) {}

  @Get()
  @Returns(HttpStatus.OK, pageOf(TaskView), {
    summary: 'Tasks that failed for good, newest first',
    description: 'To run one again with another payload: POST /api/tasks/{task_id}/retry.',
  })
  async list(@Scope() scope: TenantScope, @Query({ schema: ListQuery }) query: z.output<typeof ListQuery>) {
    const { limit, cursor, ...filter } = query;
    const before = decodeCursor(cursor, z.uuid());
    const rows = await this.tasks.list(scope, { ...filter, status: 'failed' }, limit + 1, before);
    return toPage(rows, limit, ({ task_id }) => task_id);
  }

  @Get('summary')
  @Returns(HttpStatus.OK, pageOf(DeadLetterCause), {
    summary: 'Dead letters by cause, the most frequent first',
    description: 'Failures of one cause share a fingerprint: type, error code, and the message without ids.',
  })
  async summary(
    @Scope() scope: TenantScope,
    @Query({ schema: SummaryQuery }) query: z.output<typeof SummaryQuery>,
  ) {
    const { limit, cursor, ...filter } = query;
    const causes = await this.bulk.causes(scope, filter, limit + 1, decodeCursor(cursor, SummaryCursor));
    const { data, next_cursor } = toPage(causes, limit, ({ key, view }) => ({ count: view.count, key }));
    return { data: data.map(({ view }) => view), next_cursor };
  }

  @Post('replay')
  @Returns(HttpStatus.ACCEPTED, BulkAnswer, {
    ...BULK_RETURNS,
    summary: 'Run chosen dead letters again, in the background',
    description:
      'Only tasks that failed before the call. A task whose unique_key a live task holds is skipped and named.',
  })
  @Faults('idempotency.mismatch', 'idempotency.in_flight')
  async replay(
    @Scope() scope: TenantScope,
    @Body({ schema: ReplayDeadLetters }) body: ReplayDeadLetters,
    @IdempotencyKey() idempotencyKey: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (body.dry_run) return answerBulk(reply, await this.bulk.preview(scope, 'failed', body.filter));
    return answerBulk(reply, await this.bulk.replay(scope, body, idempotencyKey));
  }

  @Post('discard')
  @Returns(HttpStatus.ACCEPTED, BulkAnswer, {
    ...BULK_RETURNS,
    summary: 'Remove chosen dead letters, in the background',
    description: 'With their attempts, events and logs. What a batch or a live task still needs is skipped.',
  })
  @Faults('idempotency.mismatch', 'idempotency.in_flight')
  async discard(
    @Scope() scope: TenantScope,
    @Body({ schema: DiscardDeadLetters }) body: DiscardDeadLetters,
    @IdempotencyKey() idempotencyKey: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (body.dry_run) return answerBulk(reply, await this.bulk.preview(scope, 'failed', body.filter));
    return answerBulk(reply, await this.bulk.discard(scope, body, idempotencyKey));
  }
}
