import { Controller, Get, HttpStatus, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Faults, Returns } from '../http/returns.decorator.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { Scope } from '../tenants/tenant-scope.decorator.js';
import { Explanation } from './explain.contract.js';
import { ExplainService } from './explain.service.js';

@ApiTags('Tasks')
@Controller('api/tasks')
export class ExplainController {
  constructor(private readonly explanations: ExplainService) {}

  @Get(':task_id/explain')
  @Returns(HttpStatus.OK, Explanation, { summary: 'Why it is not done, and what to do about it' })
  @Faults('task.not_found')
  explain(@Scope() scope: TenantScope, @Param('task_id') name: string) {
    return this.explanations.explain(scope, name);
  }
}
