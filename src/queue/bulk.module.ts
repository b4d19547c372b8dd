// owns: what operators do to many tasks at once. promises: each call is an operation: any process goes on with it, each
// task is met once. never: touches a task but through the task core.
import { Module } from '@nestjs/common';
import { OperationsModule } from '../operations/operations.module.js';
import { TasksModule } from '../tasks/tasks.module.js';
import { CancelOperation, CleanUpOperation, DiscardOperation, ReplayOperation } from './bulk-operations.js';
import { BulkService } from './bulk.service.js';

/** For every process, since any may do the next step. */
@Module({
  imports: [OperationsModule, TasksModule],
  providers: [BulkService, CancelOperation, CleanUpOperation, DiscardOperation, ReplayOperation],
  exports: [BulkService],
})
export class BulkModule {}
