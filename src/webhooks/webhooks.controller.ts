import { Controller, Get, HttpStatus, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { PageQuery, decodeCursor, pageOf, toPage } from '../http/page.js';
import { Faults, Returns } from '../http/returns.decorator.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { Scope } from '../tenants/tenant-scope.decorator.js';
import { WebhookSecrets } from './webhook-secrets.js';
import {
  DELIVERY_STATUSES,
  DeliveryDetail,
  DeliveryView,
  WEBHOOK_EVENTS,
  WebhookSecret,
} from './webhooks.contract.js';
import { WebhooksService } from './webhooks.service.js';

const ListQuery = PageQuery.extend({
  task_id: z.string().min(1).max(255).optional().describe("A task's id or its own name"),
  batch_id: z.uuid().optional().describe('Of the batch itself and of its tasks'),
  status: z.enum(DELIVERY_STATUSES).optional(),
  event: z.enum(WEBHOOK_EVENTS).optional(),
});

@ApiTags('Webhooks')
@Controller('api/webhooks')
export class WebhooksController {
  constructor(
    private readonly webhooks: WebhooksService,
    private readonly secrets: WebhookSecrets,
  ) {}

  @Get('secret')
  @Returns(HttpStatus.OK, WebhookSecret, {
    summary: 'What the callbacks of this tenant are signed with; made when first asked for',
  })
  @Faults('secret_key.missing', 'secret_key.wrong')
  async secret(@Scope() scope: TenantScope) {
    const { secret, createdAt } = await this.secrets.of(scope);
    return { secret, created_at: createdAt.toISOString() };
  }

  @Get('deliveries')
  @Returns(HttpStatus.OK, pageOf(DeliveryView), { summary: 'List deliveries of callbacks, newest first' })
  @Faults('task.not_found')
  async list(@Scope() scope: TenantScope, @Query({ schema: ListQuery }) query: z.output<typeof ListQuery>) {
    const { limit, cursor, task_id: taskId, batch_id: batchId, status, event } = query;
    const before = decodeCursor(cursor, z.uuid());
    const rows = await this.webhooks.list(scope, { taskId, batchId, status, event }, limit + 1, before);
    return toPage(rows, limit, ({ delivery_id }) => delivery_id);
  }

  @Get('deliveries/:delivery_id')
  @Returns(HttpStatus.OK, DeliveryDetail, { summary: 'One delivery, with what it says' })
  @Faults('delivery.not_found')
  get(@Scope() scope: TenantScope, @Param('delivery_id', { schema: z.uuid() }) id: string) {
    return this.webhooks.get(scope, id);
  }

  @Post('deliveries/:delivery_id/replay')
  @Returns(HttpStatus.ACCEPTED, DeliveryView, {
    summary: 'Send a delivery again now, with the same `webhook-id` and all attempts before it',
  })
  @Faults('delivery.not_found', 'delivery.sending')
  replay(@Scope() scope: TenantScope, @Param('delivery_id', { schema: z.uuid() }) id: string) {
    return this.webhooks.replay(scope, id);
  }
}
