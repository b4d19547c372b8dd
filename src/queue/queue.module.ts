// owns: the operator's view of queues and workers. promises: answers within about a second whatever the tables hold
// and whatever is down but Postgres. never: changes a task itself; bulk calls become operations.
import { Module } from '@nestjs/common';
import { TasksModule } from '../tasks/tasks.module.js';
import { BulkTasksController, QueueCleaningController } from './bulk.controller.js';
import { BulkModule } from './bulk.module.js';
import { DeadLettersController } from './dead-letters.controller.js';
import { QueueController } from './queue.controller.js';
import { QueuesController } from './queues.controller.js';
import { QueueService } from './queue.service.js';
import { QueueStatesRepository } from './queue-states.repository.js';
import { TransportUsage } from './transport-usage.js';
import { WorkersRepository } from './workers.repository.js';

@Module({
  imports: [BulkModule, TasksModule],
  controllers: [
    BulkTasksController,
    DeadLettersController,
    QueueCleaningController,
    QueueController,
    QueuesController,
  ],
  providers: [QueueService, QueueStatesRepository, TransportUsage, WorkersRepository],
  exports: [QueueService],
})
export class QueueApiModule {}
