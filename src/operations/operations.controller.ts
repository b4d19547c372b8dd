import { Controller, Get, HttpStatus, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { PageQuery, decodeCursor, pageOf, toPage } from '../http/page.js';
import { Faults, Returns } from '../http/returns.decorator.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { Scope } from '../tenants/tenant-scope.decorator.js';
import { OPERATION_STATUSES, OperationView } from './operations.contract.js';
import { OperationsService } from './operations.service.js';

const ListQuery = PageQuery.extend({
  status: z.enum(OPERATION_STATUSES).optional(),
  kind: z.string().optional(),
});

@ApiTags('Operations')
@Controller('api/operations')
export class OperationsController {
  constructor(private readonly operations: OperationsService) {}

  @Get()
  @Returns(HttpStatus.OK, pageOf(OperationView), { summary: 'Background operations, newest first' })
  async list(@Scope() scope: TenantScope, @Query({ schema: ListQuery }) query: z.output<typeof ListQuery>) {
    const { limit, cursor, ...filter } = query;
    const rows = await this.operations.list(scope, filter, limit + 1, decodeCursor(cursor, z.uuid()));
    return toPage(rows, limit, ({ operation_id }) => operation_id);
  }

  @Get(':operation_id')
  @Returns(HttpStatus.OK, OperationView, { summary: 'One operation: how far it is, and how it ended' })
  @Faults('operation.not_found')
  get(@Scope() scope: TenantScope, @Param('operation_id', { schema: z.uuid() }) id: string) {
    return this.operations.get(scope, id);
  }

  @Post(':operation_id/cancel')
  @Returns(HttpStatus.OK, OperationView, {
    summary: 'Stop an operation; what it did so far stays done',
  })
  @Faults('operation.not_found', 'operation.not_cancellable')
  cancel(@Scope() scope: TenantScope, @Param('operation_id', { schema: z.uuid() }) id: string) {
    return this.operations.cancel(scope, id);
  }
}
