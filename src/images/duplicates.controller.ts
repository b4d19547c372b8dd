import { Body, Controller, Get, HttpStatus, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { PageQuery, decodeCursor, pageOf, toPage } from '../http/page.js';
import { Faults, Returns } from '../http/returns.decorator.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { Scope } from '../tenants/tenant-scope.decorator.js';
import { DecideDuplicates, DecidedDuplicates, DuplicateGroup } from './duplicates.contract.js';
import { DuplicatesService } from './duplicates.service.js';

@ApiTags('Images')
@Controller('api/images/duplicates')
export class DuplicatesController {
  constructor(private readonly duplicates: DuplicatesService) {}

  @Get()
  @Returns(HttpStatus.OK, pageOf(DuplicateGroup), {
    summary: 'Groups of images that show nearly the same picture and wait for a decision',
    description:
      'Two images belong together when their perceptual hashes differ in 7 bits at most and their vectors agree; a ' +
      'group is all that hangs together so. A page may hold fewer groups than `limit` although more follow.',
  })
  async list(
    @Scope() scope: TenantScope,
    @Query({ schema: PageQuery }) { limit, cursor }: z.output<typeof PageQuery>,
  ) {
    const roots = await this.duplicates.roots(scope, limit + 1, decodeCursor(cursor, z.uuid()));
    const { data, next_cursor } = toPage(roots, limit, (id) => id);
    return { data: await this.duplicates.groups(scope, data), next_cursor };
  }

  @Post(':group_id/decision')
  @Returns(HttpStatus.OK, DecidedDuplicates, {
    summary: 'Keep or discard images of a group; pairs that were decided do not come up again',
    description:
      'What is discarded is searched no longer and is in no group; its record and its file stay until it is deleted. ' +
      'It stays discarded when the same picture is submitted again; another picture under its name counts as new. To ' +
      'take a decision back, delete the image and submit it again.',
  })
  @Faults('duplicates.group_not_found')
  decide(
    @Scope() scope: TenantScope,
    @Param('group_id', { schema: z.uuid() }) group: string,
    @Body({ schema: DecideDuplicates }) body: DecideDuplicates,
  ) {
    return this.duplicates.decide(scope, group, body);
  }
}
