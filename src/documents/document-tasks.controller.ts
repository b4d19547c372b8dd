import { Controller, Get, HttpStatus, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Faults, Returns } from '../http/returns.decorator.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { QueueStats } from '../queue/queue.contract.js';
import { QueueService } from '../queue/queue.service.js';
import { TaskControlService } from '../tasks/task-control.service.js';
import { TaskView } from '../tasks/tasks.contract.js';
import { Scope } from '../tenants/tenant-scope.decorator.js';
import { ProcessDocument } from './process-document.task.js';

/** The calls of the system that documents came from. */
@ApiTags('Documents')
@Controller('api/documents')
export class DocumentTasksController {
  constructor(
    private readonly control: TaskControlService,
    private readonly queue: QueueService,
  ) {}

  @Get('task/:task_id/status')
  @Returns(HttpStatus.OK, TaskView, { summary: 'One task; the same as GET /api/tasks/{task_id}' })
  @Faults('task.not_found')
  status(@Scope() scope: TenantScope, @Param('task_id') name: string) {
    return this.control.get(scope, name);
  }

  @Post('task/:task_id/retry')
  @Returns(HttpStatus.ACCEPTED, TaskView, { summary: 'Run a failed or cancelled task again' })
  @Faults('task.not_found', 'task.not_retryable')
  retry(@Scope() scope: TenantScope, @Param('task_id') name: string) {
    return this.control.retry(scope, name);
  }

  @Get('queue/stats')
  @Returns(HttpStatus.OK, QueueStats, { summary: 'What the documents queue is doing' })
  stats(@Scope() scope: TenantScope) {
    return this.queue.stats(scope, { queue: ProcessDocument.queue });
  }
}
