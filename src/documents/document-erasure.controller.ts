import { Controller, Delete, HttpStatus, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Returns } from '../http/returns.decorator.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { OperationView } from '../operations/operations.contract.js';
import { OperationsService } from '../operations/operations.service.js';
import { Scope } from '../tenants/tenant-scope.decorator.js';
import { ERASE_DOCUMENTS } from './document-erasure.js';
import { EraseQuery } from './documents.contract.js';

@ApiTags('Documents')
@Controller('api/documents')
export class DocumentErasureController {
  constructor(private readonly operations: OperationsService) {}

  @Delete()
  @Returns(HttpStatus.ACCEPTED, OperationView, {
    summary: 'Erase all documents of a user, or all there are',
    description:
      'Rows, text, passages, vectors and uploads; files that were named by key stay where they lie. Documents that are submitted later stay.',
    headers: { Location: 'The operation' },
  })
  async erase(
    @Scope() scope: TenantScope,
    @Query({ schema: EraseQuery }) { user_id }: EraseQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const input: Record<string, string> = user_id === undefined ? {} : { user_id };
    const { answer } = await this.operations.start(scope, ERASE_DOCUMENTS, input);
    void reply.header('location', answer.links['self']);
    return answer;
  }
}
