// owns: background work that is asked for once and outlives its process. promises: every unit done once, whoever dies;
// progress, a rate that is kept, an end when asked for. never: knows what the work is; rooms above bring their kinds.
import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { TasksModule } from '../tasks/tasks.module.js';
import { OperationRunner } from './operation-runner.js';
import { OperationsController } from './operations.controller.js';
import { OperationsRepository } from './operations.repository.js';
import { OperationsRetentionSweep } from './operations-retention.sweep.js';
import { OperationsService } from './operations.service.js';
import { OperationsSweep } from './operations.sweep.js';

/** For every process: each helps with what any of them was asked for. */
@Module({
  imports: [DiscoveryModule, TasksModule],
  providers: [
    OperationRunner,
    OperationsRepository,
    OperationsRetentionSweep,
    OperationsService,
    OperationsSweep,
  ],
  exports: [OperationsService],
})
export class OperationsModule {}

@Module({ imports: [OperationsModule], controllers: [OperationsController] })
export class OperationsApiModule {}
