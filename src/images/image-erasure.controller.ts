import { Controller, Delete, HttpStatus, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Returns } from '../http/returns.decorator.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { EraseQuery } from '../operations/erasure.contract.js';
import { eraseOf } from '../operations/erasure.js';
import { OperationView } from '../operations/operations.contract.js';
import { OperationsService } from '../operations/operations.service.js';
import { Scope } from '../tenants/tenant-scope.decorator.js';
import { ERASE_IMAGES } from './image-erasure.js';

@ApiTags('Images')
@Controller('api/images')
export class ImageErasureController {
  constructor(private readonly operations: OperationsService) {}

  @Delete()
  @Returns(HttpStatus.ACCEPTED, OperationView, {
    summary: 'Erase all images of a user, or all there are',
    description:
      'Rows, vectors, thumbnails, uploads, and what was decided about duplicates; files that were named by a path or a ' +
      'URL stay where they lie. Images that are submitted later stay.',
    headers: { Location: 'The operation' },
  })
  async erase(
    @Scope() scope: TenantScope,
    @Query({ schema: EraseQuery }) query: EraseQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { answer } = await this.operations.start(scope, ERASE_IMAGES, eraseOf(query));
    void reply.header('location', answer.links['self']);
    return answer;
  }
}
