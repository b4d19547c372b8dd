// owns: every task row and its life. promises: docs/lifecycle.md; one writer of status; nothing accepted is lost.
// never: knows what a document, an image or a receipt is.
import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Clock } from '../kernel/clock.js';
import { TransportModule } from '../transport/transport.module.js';
import { BulkTasksRepository } from './bulk-tasks.repository.js';
import { BulkTasksService } from './bulk-tasks.service.js';
import { DependenciesRepository } from './dependencies.repository.js';
import { DependenciesSweep } from './dependencies.sweep.js';
import { Burst } from './burst.js';
import { ExplainController } from './explain.controller.js';
import { ExplainRepository } from './explain.repository.js';
import { ExplainService } from './explain.service.js';
import { EndedReadsRepository } from './ended-reads.repository.js';
import { EndedViews } from './ended-views.js';
import { Heartbeat } from './heartbeat.js';
import { Idempotency } from './idempotency.js';
import { IdempotencyRepository } from './idempotency.repository.js';
import { Leases } from './leases.js';
import { TaskMaker } from './new-task.js';
import { QueueDepths } from './queue-depths.js';
import { QueuePausesRepository } from './queue-pauses.repository.js';
import { QueuePausesService } from './queue-pauses.service.js';
import { RunningAttempts } from './running-attempts.js';
import { Submissions } from './submissions.js';
import { TaskControlService } from './task-control.service.js';
import { TaskEnds } from './task-ends.js';
import { TaskExecutor } from './task-executor.js';
import { TaskIo } from './task-io.js';
import { TaskObservers } from './task-observers.js';
import { TaskPublisher } from './task-publisher.js';
import { TaskReadsRepository } from './task-reads.repository.js';
import { TaskRecords } from './task-records.js';
import { TaskRegistry } from './task-registry.js';
import { TaskRetentionRepository } from './task-retention.repository.js';
import { TaskStatsRepository } from './task-stats.repository.js';
import { TaskStatsService } from './task-stats.service.js';
import { TaskWorker } from './task-worker.js';
import { BatchesController, TasksController } from './tasks.controller.js';
import { TasksRepository } from './tasks.repository.js';
import { TasksService } from './tasks.service.js';
import { WorkerRecordsRepository } from './worker-records.repository.js';
import { WorkInHand } from './work-in-hand.js';
import { WorkLeftRepository } from './work-left.repository.js';

/** What every process shares: submit, see, control. */
@Module({
  imports: [DiscoveryModule, TransportModule],
  providers: [
    BulkTasksRepository,
    BulkTasksService,
    Clock,
    DependenciesRepository,
    DependenciesSweep,
    ExplainRepository,
    ExplainService,
    EndedReadsRepository,
    EndedViews,
    Idempotency,
    IdempotencyRepository,
    QueueDepths,
    QueuePausesRepository,
    QueuePausesService,
    Submissions,
    TaskControlService,
    TaskEnds,
    TaskMaker,
    TaskObservers,
    TaskPublisher,
    TaskReadsRepository,
    TaskRegistry,
    TaskRetentionRepository,
    TaskStatsRepository,
    TaskStatsService,
    TasksRepository,
    TasksService,
    WorkerRecordsRepository,
  ],
  exports: [
    BulkTasksService,
    Clock,
    ExplainService,
    Idempotency,
    EndedViews,
    QueuePausesService,
    TaskControlService,
    TaskMaker,
    TaskObservers,
    TaskPublisher,
    TaskReadsRepository,
    TaskRegistry,
    TaskRetentionRepository,
    TaskStatsRepository,
    TaskStatsService,
    TasksRepository,
    TasksService,
    TransportModule,
    WorkerRecordsRepository,
  ],
})
export class TasksModule {}

@Module({ imports: [TasksModule], controllers: [TasksController, BatchesController, ExplainController] })
export class TasksApiModule {}

/** What a process needs that runs attempts; the app around it provides WorkerIdentity and Isolation. */
@Module({
  imports: [TasksModule],
  providers: [Heartbeat, Leases, RunningAttempts, TaskExecutor, TaskIo, TaskRecords, WorkInHand],
  exports: [Heartbeat, Leases, RunningAttempts, TaskExecutor, TaskRecords, WorkInHand, TasksModule],
})
export class TaskExecutionModule {}

/** A pool worker: takes deliveries from boot until shutdown. */
@Module({
  imports: [TaskExecutionModule],
  providers: [Burst, TaskWorker, WorkLeftRepository],
  exports: [Burst, TaskExecutionModule],
})
export class TasksWorkerModule {}
